{# One row per live profile. Only SUBSCRIBED counts as consent; an empty value does not.
   #}
with live as (

    select * from {{ source('klaviyo', 'klaviyo__profiles') }}
    where not _is_deleted

),

suppressions as (

    select
        live._key as profile_source_id,
        lower(suppression.item ->> 'reason') as reason
    from live
    cross join lateral jsonb_array_elements(
        case
            when jsonb_typeof(live.suppressions) = 'array' then live.suppressions
            else '[]'
        end
    ) as suppression (item)

),

suppressed as (

    select
        profile_source_id,
        string_agg(distinct reason, ', ') as suppression_reasons
    from suppressions
    group by profile_source_id

),

cleaned as (

    select
        live._key as profile_source_id,
        {{ trimmed('live.external_id') }} as external_id,
        {{ written_name('live.first_name') }} as first_name,
        {{ written_name('live.last_name') }} as last_name,
        {{ trimmed('live.company_name') }} as company_name,
        {{ normalised_email('live.email') }} as email,
        {{ trimmed('live.phone') }} as phone,
        {{ trimmed('live.street') }} as street,
        {{ trimmed('live.city') }} as city,
        {{ trimmed('live.postal_code') }} as postal_code,
        lower({{ trimmed('live.country_name') }}) as country_spelling,
        lower({{ trimmed('live.email_consent') }}) as email_consent,
        suppressed.suppression_reasons,
        coalesce(live.email_consent = 'SUBSCRIBED', false) as has_opted_in,
        coalesce(live.email_consent = 'UNSUBSCRIBED', false) as has_opted_out,
        suppressed.profile_source_id is not null as is_suppressed,
        coalesce(live.can_receive_email, false) as can_receive_email,
        live.first_name as stored_first_name,
        live.last_name as stored_last_name,
        live.company_name as stored_company_name,
        live.email as stored_email,
        live.phone as stored_phone,
        live.street as stored_street,
        live.city as stored_city,
        live.postal_code as stored_postal_code,
        live.country_name as stored_country_name,
        live.email_consent as stored_email_consent,
        live.consented_at,
        live.consent_changed_at,
        live.created_at,
        {{ believed('live.updated_at') }} as changed_at
    from live
    left join suppressed on live._key = suppressed.profile_source_id

)

select * from cleaned
