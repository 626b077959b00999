{# One row per sales order of the ledger. #}
{{ shaped_as(
    'orders',
    ref('stg_netsuite__sales_orders'),
    kept=[
        'order_name', 'source_status', 'currency_code', 'total_amount', 'is_cancelled',
        'order_date', 'changed_at'
    ],
    columns={
        'has_free_reference': 'true',
        'record_key': 'sales_order_source_id',
        'customer_record_key': 'customer_source_id',
        'import_id': 'external_id',
        'is_done': "coalesce(source_status in ('F', 'G'), false)"
    }
) }}
