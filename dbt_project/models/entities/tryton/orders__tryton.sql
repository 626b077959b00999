{# One row per sale. #}
{{ shaped_as(
    'orders',
    ref('stg_tryton__sales'),
    kept=['order_name', 'source_status', 'currency_code', 'total_amount', 'order_date', 'changed_at'],
    columns={
        'record_key': 'sale_source_id',
        'customer_record_key': 'party_source_id',
        'is_cancelled': "coalesce(source_status = 'cancelled', false)",
        'is_done': "coalesce(source_status = 'done', false)"
    }
) }}
