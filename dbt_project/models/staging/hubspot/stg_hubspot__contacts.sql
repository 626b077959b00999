{# One row per live contact. Contacts that were merged into another one are in
   stg_hubspot__contact_merges. #}
with live as (

    select * from {{ source('hubspot', 'hubspot__contacts') }}
    where not _is_deleted

),

merged_away as (

    select btrim(regexp_split_to_table(merged_source_ids, ';')) as merged_source_id
    from live

),

cleaned as (

    select
        live._key as contact_source_id,
        {{ trimmed('live.company_source_id') }} as company_source_id,
        {{ trimmed('live.concord_id') }} as concord_id,
        {{ trimmed('live.erp_customer_code') }} as erp_customer_code,
        {{ written_name('live.first_name') }} as first_name,
        {{ written_name('live.last_name') }} as last_name,
        {{ normalised_email('live.email') }} as email,
        {{ normalised_email('live.additional_emails') }} as additional_emails,
        {{ trimmed('live.phone') }} as phone,
        {{ trimmed('live.street') }} as street,
        {{ trimmed('live.city') }} as city,
        {{ trimmed('live.postal_code') }} as postal_code,
        lower({{ trimmed('live.country_name') }}) as country_spelling,
        {{ trimmed('live.lifecycle_stage') }} as lifecycle_stage,
        coalesce(live.has_opted_out, false) as has_opted_out,
        live.first_name as stored_first_name,
        live.last_name as stored_last_name,
        live.email as stored_email,
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
