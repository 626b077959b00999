{# One row per break between an order and its cash. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with unioned as (

    select
        entity,
        golden_id,
        field,
        'stripe' as system,
        record_key,
        'shopify' as golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_cash__payment_breaks') }}

    union all

    select
        entity,
        golden_id,
        field,
        'netsuite' as system,
        record_key,
        'shopify' as golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_cash__invoice_breaks') }}

    union all

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        'tryton' as golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_cash__shipment_breaks') }}

    union all

    select
        entity,
        golden_id,
        field,
        'stripe' as system,
        record_key,
        'stripe' as golden_system,
        system_value,
        golden_value,
        cause
    from {{ ref('int_cash__payout_breaks') }}

)

select * from unioned
