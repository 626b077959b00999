{# One row per line of an order. #}
{{ shaped_as(
    'order_lines',
    ref('stg_shopify__order_lines'),
    kept=['order_line_source_id', 'sku', 'line_number', 'quantity', 'unit_price'],
    columns={'order_record_key': 'order_source_id'}
) }}
