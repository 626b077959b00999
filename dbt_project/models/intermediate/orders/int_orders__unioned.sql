{# One row per order record that carries an order name of the shop.
   int_orders__identified leaves test orders out. #}
{{ config(tags=['marts', 'measure']) }}

with stg_shopify__orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

stg_salesforce__orders as (

    select * from {{ ref('stg_salesforce__orders') }}

),

stg_tryton__sales as (

    select * from {{ ref('stg_tryton__sales') }}

),

unioned as (

    select
        'shopify' as system,
        order_source_id as record_key,
        customer_source_id as customer_record_key,
        order_name,
        null as source_status,
        currency_code,
        total_amount,
        is_cancelled,
        is_test,
        ordered_at::date as order_date,
        changed_at
    from stg_shopify__orders

    union all

    select
        'salesforce' as system,
        order_source_id as record_key,
        account_source_id as customer_record_key,
        order_name,
        source_status,
        currency_code,
        total_amount,
        coalesce(source_status = 'Cancelled', false) as is_cancelled,
        false as is_test,
        order_date,
        changed_at
    from stg_salesforce__orders

    union all

    select
        'tryton' as system,
        sale_source_id as record_key,
        party_source_id as customer_record_key,
        order_name,
        source_status,
        currency_code,
        total_amount,
        coalesce(source_status = 'cancelled', false) as is_cancelled,
        false as is_test,
        order_date,
        changed_at
    from stg_tryton__sales

    union all

    select * from {{ ref('int_orders__booked') }}

)

select * from unioned
where order_name is not null
