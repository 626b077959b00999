{# One row per live company. Companies that were merged into another one are in
   stg_hubspot__company_merges. #}
with live as (

    select * from {{ source('hubspot', 'hubspot__companies') }}
    where not _is_deleted

),

merged_away as (

    select btrim(regexp_split_to_table(merged_source_ids, ';')) as merged_source_id
    from live

),

cleaned as (

    select
        live._key as company_source_id,
        {{ trimmed('live.concord_id') }} as concord_id,
        {{ trimmed('live.erp_customer_code') }} as erp_customer_code,
        {{ trimmed('live.company_name') }} as company_name,
        lower({{ trimmed('live.domain_name') }}) as domain_name,
        {{ trimmed('live.phone') }} as phone,
        {{ trimmed('live.street') }} as street,
        {{ trimmed('live.city') }} as city,
        {{ trimmed('live.postal_code') }} as postal_code,
        lower({{ trimmed('live.country_name') }}) as country_spelling,
        {{ trimmed('live.lifecycle_stage') }} as lifecycle_stage,
        live.company_name as stored_company_name,
        live.phone as stored_phone,
        live.street as stored_street,
        live.city as stored_city,
        live.postal_code as stored_postal_code,
        live.country_name as stored_country_name,
        live.created_at,
        {{ believed('live.updated_at') }} as changed_at
    from live
    where not exists (
        select 1 from merged_away
        where merged_away.merged_source_id = live._key
    )

)

select * from cleaned
