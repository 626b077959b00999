{# One row per live deal that was not merged into another one. #}
with live as (

    select * from {{ source('hubspot', 'hubspot__deals') }}
    where not _is_deleted

),

merged_away as (

    select btrim(regexp_split_to_table(merged_source_ids, ';')) as merged_source_id
    from live

),

cleaned as (

    select
        live._key as deal_source_id,
        {{ trimmed('live.company_source_id') }} as company_source_id,
        {{ trimmed('live.erp_customer_code') }} as erp_customer_code,
        {{ trimmed('live.shop_order_name') }} as order_name,
        {{ trimmed('live.deal_name') }} as deal_name,
        live.pipeline_name,
        live.deal_stage as source_status,
        upper({{ trimmed('live.currency_code') }}) as currency_code,
        live.amount as total_amount,
        live.closed_at,
        live.created_at,
        {{ believed('live.updated_at') }} as changed_at
    from live
    where not exists (
        select 1 from merged_away
        where merged_away.merged_source_id = live._key
    )

)

select * from cleaned
