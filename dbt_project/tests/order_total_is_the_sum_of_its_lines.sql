{# Shipping, taxes and discounts are legitimate differences, so this test only warns. #}
{{ config(severity='warn') }}

select
    orders.order_id,
    orders.total_amount,
    sum(order_lines.line_amount) as line_amount
from {{ ref('orders') }} as orders
inner join {{ ref('order_lines') }} as order_lines
    on orders.order_id = order_lines.order_id
where orders.total_amount is not null
group by orders.order_id, orders.total_amount
having abs(sum(order_lines.line_amount) - orders.total_amount) > 0.01
