{# One row per party, including deleted and inactive ones. #}
with parties as (

    select * from {{ source('tryton', 'tryton__parties') }}

),

cleaned as (

    select
        _key as party_source_id,
        {{ trimmed('party_code') }} as party_code,
        {{ trimmed('party_name') }} as party_name,
        party_name as stored_party_name,
        _is_deleted or not coalesce(is_active, true) as is_deleted,
        {{ believed('changed_at') }} as changed_at
    from parties

)

select * from cleaned
