with int_products__identified as (

    select * from {{ ref('int_products__identified') }}

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'product'

),

records as (

    select
        golden_id,
        min(sku) as sku,
        count(*) as record_quantity,
        max(changed_at) as changed_at
    from int_products__identified
    group by golden_id

),

fields as (

    select
        golden_id,
        max(value) filter (where field = 'product_name') as product_name,
        max(value) filter (where field = 'price') as price,
        jsonb_object_agg(field, value) filter (
            where {{ is_one_of('field', custom_fields_of('product')) }}
        ) as custom_fields
    from int_fields__golden
    group by golden_id

),

joined as (

    select
        records.golden_id as product_id,
        records.sku,
        fields.product_name,
        fields.price::numeric as price_amount,
        fields.custom_fields,
        records.record_quantity,
        records.changed_at
    from records
    left join fields on records.golden_id = fields.golden_id

)

select * from joined
