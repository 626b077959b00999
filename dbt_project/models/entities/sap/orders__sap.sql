{# One row per sales order. SAP cancels an order by rejecting all its items. #}
with joined as (

    select
        orders.*,
        partners.stored_source_id as customer_source_id
    from {{ ref('stg_sap__sales_orders') }} as orders
    left join {{ ref('stg_sap__business_partners') }} as partners
        on orders.partner_source_id = partners.partner_source_id

)

{{ shaped_as(
    'orders',
    'joined',
    kept=['order_name', 'currency_code', 'total_amount', 'order_date', 'changed_at'],
    columns={
        'has_free_reference': 'true',
        'record_key': 'stored_source_id',
        'customer_record_key': 'customer_source_id',
        'source_status': "case when is_cancelled then 'cancelled' else source_status end",
        'is_cancelled': 'coalesce(is_cancelled, false)',
        'is_done': "coalesce(source_status = 'C' and not is_cancelled, false)"
    }
) }}
