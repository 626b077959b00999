{# One row per charge. #}
{{ shaped_as(
    'payments',
    ref('stg_stripe__charges'),
    kept=[
        'order_name', 'currency_code', 'charged_amount', 'captured_amount',
        'refunded_amount', 'is_paid', 'is_disputed', 'charged_at', 'changed_at'
    ],
    columns={
        'record_key': 'charge_source_id',
        'customer_record_key': 'customer_source_id',
        'transaction_record_key': 'balance_transaction_source_id',
        'payment_status': 'charge_status',
        'is_received': "is_paid and is_captured and charge_status = 'succeeded'"
    }
) }}
