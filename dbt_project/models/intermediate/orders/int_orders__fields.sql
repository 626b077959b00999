{# One row per order, system and field that its primary record fills. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_orders__meant_statuses as (

    select * from {{ ref('int_orders__meant_statuses') }}

),

unpivoted as (

    select
        'order' as entity,
        orders.order_name as golden_id,
        orders.system,
        orders.record_key,
        fields.field,
        fields.value,
        fields.value as comparison,
        fields.amount,
        orders.changed_at
    from int_orders__identified as orders
    left join int_orders__meant_statuses as meant
        on orders.order_name = meant.order_name and orders.system = meant.system
    cross join
        lateral (
            values
            ('customer', orders.customer_golden_id, null),
            (
                'total_amount',
                round(orders.total_amount, 2)::text,
                orders.total_amount
            ),
            (
                'order_status',
                coalesce(meant.order_status, orders.order_status),
                null
            )
        ) as fields (field, value, amount)
    where fields.value is not null

)

select * from unpivoted
