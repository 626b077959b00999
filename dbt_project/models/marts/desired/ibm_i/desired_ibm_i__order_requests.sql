{# A line has the fields of the host's layout: article, quantity, price. #}
with int_wholesale__for_host as (

    select * from {{ ref('int_wholesale__for_host') }}

),

int_orders__lines as (

    select * from {{ ref('int_orders__lines') }}

),

stg_ibm_i__order_requests as (

    select * from {{ ref('stg_ibm_i__order_requests') }}

),

lines as (

    select
        order_name,
        jsonb_agg(
            jsonb_build_object(
                'ITEMNO', sku, 'QTY', quantity, 'UNTPRC', unit_price::text
            )
            order by line_number
        ) as lines
    from int_orders__lines
    group by order_name
    having bool_and(sku is not null and quantity > 0 and unit_price is not null)

),

desired as (

    select
        orders.order_name as _entity_id,
        requests.request_reference as _key,
        'order of the shop, of a company that buys wholesale' as _reason,
        orders.order_name as reference,
        orders.customer_number,
        orders.order_date as ordered_on,
        orders.currency_code,
        lines.lines
    from int_wholesale__for_host as orders
    inner join lines on orders.order_name = lines.order_name
    left join stg_ibm_i__order_requests as requests
        on orders.order_name = requests.request_reference

)

select * from desired
