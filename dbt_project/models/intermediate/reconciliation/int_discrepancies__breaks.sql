{# One row per difference that does not concern a field of one record: between an order
   and its cash, between a customer's consent and a subscription, and between the orders
   of the wholesale department and those of the CRM. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with unioned as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_cash__breaks') }}

    union all

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_consent__breaks') }}

    union all

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_wholesale__breaks') }}

)

select * from unioned
