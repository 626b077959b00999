with int_orders__lines as (

    select * from {{ ref('int_orders__lines') }}

),

selected as (

    select
        order_name || '/' || line_number as order_line_id,
        order_name as order_id,
        product_golden_id as product_id,
        sku,
        line_number,
        quantity,
        unit_price as unit_price_amount,
        quantity * unit_price as line_amount
    from int_orders__lines

)

select * from selected
