{# One row per order that carries an order number of the wholesale department's host,
   including deleted orders. #}
{{ shaped_as(
    'crm_wholesale_orders',
    ref('stg_salesforce__wholesale_orders'),
    kept=[
        'order_number', 'crm_order_number', 'currency_code', 'total_amount',
        'is_deleted'
    ],
    columns={
        'record_key': 'order_source_id',
        'is_cancelled': "source_status = 'Cancelled'"
    }
) }}
