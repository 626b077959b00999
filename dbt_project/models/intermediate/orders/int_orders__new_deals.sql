{# One row per order for which a deal is to be created, with its stage and the ERP's
   number of its customer. An order that only the shop knows has the status Draft. #}
{{ config(tags=['marts']) }}

with int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'hubspot'

),

int_orders__statuses as (

    select * from {{ ref('int_orders__statuses') }}

),

written_statuses as (

    select * from {{ ref('written_statuses') }}
    where system = 'hubspot'

),

stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'tryton' and is_primary

),

joined as (

    select
        to_create.order_name,
        parties.account_number as erp_customer_code,
        written_statuses.source_status as deal_stage,
        to_create.currency_code,
        to_create.total_amount,
        orders.ordered_at
    from int_orders__to_create as to_create
    inner join stg_shopify__orders as orders
        on to_create.order_source_id = orders.order_source_id
    left join int_orders__statuses as statuses
        on to_create.order_name = statuses.order_name
    left join written_statuses
        on coalesce(statuses.order_status, 'Draft') = written_statuses.order_status
    left join int_customers__identified as parties
        on to_create.customer_golden_id = parties.golden_id

)

select * from joined
