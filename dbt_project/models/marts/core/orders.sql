with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'order'

),

records as (

    select
        order_name,
        jsonb_object_agg(system, record_key) as record_keys,
        min(order_date) as order_date,
        coalesce(bool_or(is_cancelled) filter (where is_original), false)
        as is_cancelled,
        max(changed_at) as changed_at
    from int_orders__identified
    group by order_name

),

fields as (

    select
        golden_id as order_name,
        max(value) filter (where field = 'customer') as customer_id,
        max(value) filter (where field = 'order_status') as order_status,
        max(comparison) filter (where field = 'currency_code') as currency_code,
        max(value) filter (where field = 'total_amount') as total_amount,
        jsonb_object_agg(field, value) filter (
            where {{ is_one_of('field', custom_fields_of('order')) }}
        ) as custom_fields
    from int_fields__golden
    group by golden_id

),

joined as (

    select
        records.order_name as order_id,
        fields.customer_id,
        records.record_keys,
        fields.order_status,
        fields.currency_code,
        fields.total_amount::numeric as total_amount,
        fields.custom_fields,
        records.is_cancelled,
        records.order_date,
        records.changed_at
    from records
    left join fields on records.order_name = fields.order_name

)

select * from joined
