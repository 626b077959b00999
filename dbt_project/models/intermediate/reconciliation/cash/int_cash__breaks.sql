{# One row per break between an order and its cash. Where a record of it is set aside,
   that is what there is to mend. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_cash__quarantined as (

    select * from {{ ref('int_cash__quarantined') }}

),

unioned as (

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
        golden_system,
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

),

explained as (

    select
        unioned.entity,
        unioned.golden_id,
        unioned.field,
        unioned.system,
        unioned.record_key,
        unioned.golden_system,
        unioned.system_value,
        unioned.golden_value,
        case
            when quarantined.golden_id is null then unioned.cause
            else 'quarantined'
        end as cause
    from unioned
    left join int_cash__quarantined as quarantined
        on
            unioned.entity = quarantined.entity
            and unioned.golden_id = quarantined.golden_id

)

select * from explained
