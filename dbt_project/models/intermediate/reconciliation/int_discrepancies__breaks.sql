{# One row per break that is not a field of one record: between an order and its cash,
   and between what a customer said and where we write to. #}
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

)

select * from unioned
