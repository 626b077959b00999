{# One row per order of the CRM that carries an order number of the wholesale
   department's host. Of several live orders with one number the oldest is the primary.
   #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_salesforce__wholesale_orders as (

    select * from {{ ref('stg_salesforce__wholesale_orders') }}
    where order_number is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_number
            order by is_deleted, length(order_source_id), order_source_id
        ) = 1 as is_first
    from stg_salesforce__wholesale_orders

),

judged as (

    select
        *,
        is_first and not is_deleted as is_primary
    from ranked

)

select * from judged
