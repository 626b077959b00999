{# One row per payout. #}
{{ shaped_as(
    'payouts',
    ref('stg_stripe__payouts'),
    kept=[
        'bank_reference', 'payout_status', 'currency_code', 'payout_amount',
        'is_automatic', 'arrival_date', 'changed_at'
    ],
    columns={
        'record_key': 'payout_source_id',
        'is_paid': "payout_status = 'paid'"
    }
) }}
