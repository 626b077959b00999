{# The external id is the one that the ledger's own import gives, so that an order that
   both create is one order. #}
with int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'netsuite'

),

int_orders__import_ids as (

    select * from {{ ref('int_orders__import_ids') }}

),

int_orders__created_lines as (

    select * from {{ ref('int_orders__created_lines') }}
    where system = 'netsuite'

),

lines as (

    select
        order_name,
        jsonb_agg(
            jsonb_build_object(
                'item_source_id', product_source_id,
                'quantity', quantity,
                'unit_price', unit_price::text
            )
            order by line_number
        ) as lines
    from int_orders__created_lines
    group by order_name

),

desired as (

    select
        to_create.order_name as _entity_id,
        null as _key,
        'order of the shop, unknown here' as _reason,
        ids.import_id as external_id,
        to_create.order_name,
        coalesce(
            to_create.customer_source_id,
            '@customers/' || to_create.customer_golden_id
        ) as customer_source_id,
        to_create.order_date as document_date,
        lines.lines
    from int_orders__to_create as to_create
    inner join lines on to_create.order_name = lines.order_name
    inner join int_orders__import_ids as ids on to_create.order_name = ids.order_name

)

select * from desired
