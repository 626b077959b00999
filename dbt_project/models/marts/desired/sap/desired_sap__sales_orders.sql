with int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'sap'

),

int_orders__created_lines as (

    select * from {{ ref('int_orders__created_lines') }}
    where system = 'sap'

),

items as (

    select
        order_name,
        jsonb_agg(
            jsonb_build_object(
                'sku', product_source_id,
                'unit', unit_source_id,
                'quantity', quantity,
                'unit_price', unit_price::text,
                'currency_code', currency_code
            )
            order by line_number
        ) as items
    from int_orders__created_lines
    group by order_name

),

desired as (

    select
        to_create.order_name as _entity_id,
        null as _key,
        'order of the shop, unknown here' as _reason,
        to_create.order_name as reference,
        coalesce(
            to_create.customer_source_id,
            '@business_partners/' || to_create.customer_golden_id
        ) as partner_source_id,
        to_create.currency_code,
        to_create.order_date,
        items.items
    from int_orders__to_create as to_create
    inner join items on to_create.order_name = items.order_name

)

select * from desired
