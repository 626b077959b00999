{# One row per order. #}
{{ shaped_as(
    'orders',
    ref('stg_shopify__orders'),
    kept=[
        'order_name', 'currency_code', 'total_amount', 'is_cancelled', 'is_test',
        'ordered_at', 'changed_at'
    ],
    columns={
        'record_key': 'order_source_id',
        'customer_record_key': 'customer_source_id',
        'order_date': 'ordered_at'
    }
) }}
