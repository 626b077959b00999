{# One row per refund. #}
{{ shaped_as(
    'payment_refunds',
    ref('stg_stripe__refunds'),
    kept=[
        'order_name', 'refund_status', 'currency_code', 'refunded_amount', 'refunded_at'
    ],
    columns={
        'record_key': 'refund_source_id',
        'payment_record_key': 'charge_source_id',
        'shop_refund_key': 'shop_refund_source_id'
    }
) }}
