with stg_tryton__sales as (

    select * from {{ ref('stg_tryton__sales') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'tryton' and is_primary

),

int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'tryton'

),

int_orders__created_lines as (

    select * from {{ ref('int_orders__created_lines') }}
    where system = 'tryton'

),

lines as (

    select
        order_name,
        jsonb_agg(
            jsonb_build_object(
                'product', product_source_id::bigint,
                'unit', unit_source_id::bigint,
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
        coalesce(primaries.order_name, 'sale:' || sales.sale_source_id) as _entity_id,
        sales.sale_source_id as _key,
        'agrees' as _reason,
        sales.stored_reference as reference,
        sales.party_source_id,
        sales.invoice_address_source_id,
        sales.shipment_address_source_id,
        sales.order_date as sale_date,
        null::jsonb as lines
    from stg_tryton__sales as sales
    left join int_orders__identified as primaries
        on sales.sale_source_id = primaries.record_key

    union all

    select
        to_create.order_name as _entity_id,
        null as _key,
        'order of the shop, unknown here' as _reason,
        to_create.order_name as reference,
        coalesce(
            to_create.customer_source_id, '@parties/' || to_create.customer_golden_id
        ) as party_source_id,
        coalesce(
            to_create.address_source_id, '@addresses/' || to_create.customer_golden_id
        ) as invoice_address_source_id,
        coalesce(
            to_create.address_source_id, '@addresses/' || to_create.customer_golden_id
        ) as shipment_address_source_id,
        to_create.order_date as sale_date,
        lines.lines
    from int_orders__to_create as to_create
    inner join lines on to_create.order_name = lines.order_name

)

select * from desired
