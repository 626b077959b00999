{# One row per difference between an order and its payments, invoices, parcels or
   payouts. All inputs have the same columns in the same order. If a record of it was
   quarantined, that is the cause. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_cash__quarantined as (

    select * from {{ ref('int_cash__quarantined') }}

),

unioned as (

    select * from {{ ref('int_cash__payment_breaks') }}

    union all

    select * from {{ ref('int_cash__invoice_breaks') }}

    union all

    select * from {{ ref('int_cash__payout_breaks') }}

    union all

    select * from {{ ref('int_cash__shipment_breaks') }}

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
            and quarantined.system in ('', unioned.system)

)

select * from explained
