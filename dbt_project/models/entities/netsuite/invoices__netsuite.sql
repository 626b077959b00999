{# One row per invoice. #}
{{ shaped_as(
    'invoices',
    ref('stg_netsuite__invoices'),
    kept=[
        'document_number', 'order_name', 'currency_code', 'total_amount',
        'unpaid_amount', 'is_paid', 'is_void', 'invoice_date', 'due_date', 'changed_at'
    ],
    columns={
        'record_key': 'invoice_source_id',
        'customer_record_key': 'customer_source_id'
    }
) }}
