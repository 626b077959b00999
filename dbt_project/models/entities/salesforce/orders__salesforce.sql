{# One row per order of the CRM. #}
{{ shaped_as(
    'orders',
    ref('stg_salesforce__orders'),
    kept=['order_name', 'source_status', 'currency_code', 'total_amount', 'order_date', 'changed_at'],
    columns={
        'record_key': 'order_source_id',
        'customer_record_key': 'account_source_id',
        'is_cancelled': "coalesce(source_status = 'Cancelled', false)",
        'is_done': "coalesce(source_status = 'Completed', false)"
    }
) }}
