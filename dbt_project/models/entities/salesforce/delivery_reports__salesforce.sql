{# One row per order, which shows the delivery status of its parcels. #}
{{ shaped_as(
    'delivery_reports',
    ref('stg_salesforce__orders'),
    kept=['order_name', 'delivered_on'],
    columns={
        'record_key': 'order_source_id',
        'source_status': 'delivery_status',
        'is_shipped': 'true'
    }
) }}
