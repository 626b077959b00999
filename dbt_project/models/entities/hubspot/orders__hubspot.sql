{# One row per deal. It has no key of a customer record: its company names the
   customer, or the ERP's number. #}
with placed as (

    select
        deals.*,
        coalesce(merged_away.company_source_id, deals.company_source_id)
        as group_key
    from {{ ref('stg_hubspot__deals') }} as deals
    left join {{ ref('stg_hubspot__company_merges') }} as merged_away
        on deals.company_source_id = merged_away.merged_source_id

)

{{ shaped_as(
    'orders',
    'placed',
    kept=['order_name', 'source_status', 'currency_code', 'total_amount', 'changed_at'],
    columns={
        'has_free_reference': 'true',
        'record_key': 'deal_source_id',
        'customer_group_key': 'group_key',
        'customer_number': 'erp_customer_code',
        'is_cancelled': "coalesce(source_status = 'cancelled', false)",
        'is_done': "coalesce(source_status = 'shipped', false)",
        'order_date': 'closed_at'
    }
) }}
