{# One row per sales order of the ledger, in the columns that all order records share.
   The id that the import gives identifies the shop's order even if a person changed the
   reference. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_netsuite__sales_orders as (

    select * from {{ ref('stg_netsuite__sales_orders') }}

),

int_orders__ledger_ids as (

    select * from {{ ref('int_orders__ledger_ids') }}

),

shaped as (

    select
        'netsuite' as system,
        orders.sales_order_source_id as record_key,
        orders.customer_source_id as customer_record_key,
        coalesce(imported.order_name, orders.order_name) as order_name,
        orders.source_status,
        orders.currency_code,
        orders.total_amount,
        orders.is_cancelled,
        false as is_test,
        orders.order_date,
        orders.changed_at
    from stg_netsuite__sales_orders as orders
    left join int_orders__ledger_ids as imported
        on orders.external_id = imported.external_id

)

select * from shaped
