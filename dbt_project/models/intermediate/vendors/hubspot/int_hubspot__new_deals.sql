{# One row per order for which a deal is to be created, with its stage. An order that
   only the shop knows is a draft. #}
{{ config(tags=['marts']) }}

with int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'hubspot'

),

int_orders__statuses as (

    select * from {{ ref('int_orders__statuses') }}

),

written_statuses as (

    select * from {{ ref('int_systems__written_statuses') }}
    where system = 'hubspot'

),

new_deals as (

    select
        to_create.order_name,
        to_create.customer_number,
        written_statuses.source_status as deal_stage,
        to_create.currency_code,
        to_create.total_amount,
        to_create.ordered_at
    from int_orders__to_create as to_create
    left join int_orders__statuses as statuses
        on to_create.order_name = statuses.order_name
    left join written_statuses
        on coalesce(statuses.order_status, 'Draft') = written_statuses.order_status

)

select * from new_deals
