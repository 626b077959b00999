{# One row per balance transaction. #}
{{ shaped_as(
    'payout_transactions',
    ref('stg_stripe__balance_transactions'),
    kept=['currency_code', 'fee_amount', 'net_amount'],
    columns={
        'record_key': 'balance_transaction_source_id',
        'payout_record_key': 'payout_source_id',
        'is_payout': "transaction_type = 'payout'"
    }
) }}
