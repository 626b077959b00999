{# One row per refund. #}
{{ shaped_as(
    'shop_refunds',
    ref('stg_shopify__refunds'),
    kept=['currency_code', 'refunded_amount', 'refunded_at'],
    columns={
        'record_key': 'refund_source_id',
        'order_record_key': 'order_source_id'
    }
) }}
