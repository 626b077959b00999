{# One row per fulfillment order; `record_key` is its order. #}
{{ shaped_as(
    'delivery_reports',
    ref('stg_shopify__fulfillment_orders'),
    kept=['order_name', 'tracking_number', 'source_status'],
    columns={
        'record_key': 'order_source_id',
        'is_shipped': 'fulfillment_source_id is not null'
    }
) }}
