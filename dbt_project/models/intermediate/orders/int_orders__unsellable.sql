{# One row per order and system that lacks the order and could not accept it: the order
   has no lines, or a line without a quantity, a price or a product that the system
   knows. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_orders__books as (

    select * from {{ ref('int_orders__books') }}
    where has_lines

),

int_orders__lines as (

    select * from {{ ref('int_orders__lines') }}

),

int_products__sold as (

    select * from {{ ref('int_products__sold') }}

),

absent as (

    select
        orders.order_name,
        books.system
    from int_orders__identified as orders
    cross join int_orders__books as books
    left join int_orders__identified as present
        on orders.order_name = present.order_name and books.system = present.system
    where
        orders.is_original
        and not orders.is_cancelled
        and present.record_key is null

),

checked as (

    select
        absent.order_name,
        absent.system,
        coalesce(
            bool_and(
                sold.product_source_id is not null
                and lines.quantity > 0
                and lines.unit_price is not null
            ),
            false
        ) as is_sellable
    from absent
    left join int_orders__lines as lines on absent.order_name = lines.order_name
    left join int_products__sold as sold
        on lines.sku = sold.sku and absent.system = sold.system
    group by absent.order_name, absent.system

)

select
    checked.order_name,
    checked.system
from checked
where not checked.is_sellable
