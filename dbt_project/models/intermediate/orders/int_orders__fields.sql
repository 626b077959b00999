{# One row per order, system and field that its primary record fills. A status without a
   translation, a customer who is not known and a text that is no currency stand as the
   system writes them and have no comparison. #}
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
        fields.comparison,
        fields.amount,
        orders.changed_at
    from int_orders__identified as orders
    left join int_orders__meant_statuses as meant
        on orders.order_name = meant.order_name and orders.system = meant.system
    cross join
        lateral (
            values
            (
                'customer',
                coalesce(orders.customer_golden_id, orders.customer_record_key),
                orders.customer_golden_id,
                null
            ),
            (
                'total_amount',
                round(orders.total_amount, 2)::text,
                round(orders.total_amount, 2)::text,
                orders.total_amount
            ),
            (
                'currency_code',
                orders.currency_code,
                {{ read_currency('orders.currency_code') }},
                null
            ),
            (
                'order_status',
                coalesce(meant.order_status, orders.order_status, orders.source_status),
                coalesce(meant.order_status, orders.order_status),
                null
            )
        ) as fields (field, value, comparison, amount)
    where fields.value is not null

)

select * from unpivoted
