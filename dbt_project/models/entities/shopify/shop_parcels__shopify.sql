{# One row per fulfillment. #}
{{ shaped_as(
    'shop_parcels',
    ref('stg_shopify__fulfillments'),
    kept=['carrier_name', 'tracking_number', 'shipped_quantity', 'shipped_at'],
    columns={
        'record_key': 'fulfillment_source_id',
        'order_record_key': 'order_source_id',
        'source_status': 'fulfillment_status',
        'is_void': "
            coalesce(fulfillment_status, '') in ('cancelled', 'error', 'failure')
        "
    }
) }}
