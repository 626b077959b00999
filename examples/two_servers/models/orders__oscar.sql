{# One row per order; the ERP writes its number with a sign before it. #}
with orders as (

    select * from {{ source('oscar', 'oscar__orders') }}
    where not _is_deleted

)

{{ shaped_as(
    'orders',
    'orders',
    kept=['currency_code', 'total_amount'],
    columns={
        'record_key': '_key',
        'order_name': "'#' || _key",
        'customer_record_key': 'customer_source_id',
        'is_cancelled': "coalesce(order_state = 'cancelled', false)",
        'order_date': 'placed_at',
        'ordered_at': 'placed_at',
        'changed_at': '_modified_at'
    }
) }}
