{# One row per order that does not add up with its sale, payments, invoices or parcels,
   or that still waits for one of them. #}
{{ config(tags=['measure'], materialized='view') }}

with int_discrepancies__current as (

    select * from {{ ref('int_discrepancies__current') }}

),

counted as (

    select
        golden_id as order_name,
        count(*) filter (where cause <> 'timing') as break_quantity,
        count(*) filter (where cause = 'timing') as waiting_quantity,
        string_agg(distinct concat_ws(' ', entity, cause), ', ')
        filter (where cause <> 'timing')
        as breaks
    from int_discrepancies__current
    where
        entity in ('payment', 'refund', 'invoice', 'shipment')
        or (
            entity = 'order'
            and {{ leads('system', 'erp') }}
            and field in ('exists', 'total_amount')
        )
    group by golden_id

)

select * from counted
