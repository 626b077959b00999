{# One row per deal whose stage disagrees with the status of its order, with the right
   stage. #}
{{ config(tags=['marts']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'hubspot' and is_primary

),

int_orders__statuses as (

    select * from {{ ref('int_orders__statuses') }}

),

written_statuses as (

    select * from {{ ref('written_statuses') }}
    where system = 'hubspot'

),

moved as (

    select
        deals.record_key as deal_source_id,
        written_statuses.source_status as deal_stage,
        statuses.reason
    from int_orders__identified as deals
    inner join int_orders__statuses as statuses
        on deals.order_name = statuses.order_name
    inner join written_statuses
        on statuses.order_status = written_statuses.order_status
    where deals.order_status is distinct from statuses.order_status

)

select * from moved
