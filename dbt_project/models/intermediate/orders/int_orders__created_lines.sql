{# One row per system and line of an order that is to be created there, with the
   system's keys. #}
{{ config(tags=['marts']) }}

with int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}

),

int_orders__lines as (

    select * from {{ ref('int_orders__lines') }}

),

int_products__sold as (

    select * from {{ ref('int_products__sold') }}

),

joined as (

    select
        to_create.system,
        to_create.order_name,
        sold.product_source_id,
        sold.unit_source_id,
        to_create.currency_code,
        lines.line_number,
        lines.quantity,
        lines.unit_price
    from int_orders__to_create as to_create
    inner join int_orders__lines as lines on to_create.order_name = lines.order_name
    inner join int_products__sold as sold
        on to_create.system = sold.system and lines.sku = sold.sku

)

select * from joined
