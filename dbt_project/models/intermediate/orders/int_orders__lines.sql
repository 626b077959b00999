{# One row per line of a shop order, with the product that it sells. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_original

),

order_lines as (

    {{ all_records('order_lines') }}

),

int_products__identified as (

    select * from {{ ref('int_products__identified') }}
    where is_primary and sku is not null

),

golden_skus as (

    select
        sku,
        min(golden_id) as golden_id
    from int_products__identified
    group by sku

),

joined as (

    select
        orders.order_name,
        lines.order_line_source_id,
        golden_skus.golden_id as product_golden_id,
        lines.sku,
        lines.line_number,
        lines.quantity,
        lines.unit_price
    from int_orders__identified as orders
    inner join order_lines as lines
        on
            orders.system = lines.system
            and orders.record_key = lines.order_record_key
    left join golden_skus on lines.sku = golden_skus.sku

)

select * from joined
