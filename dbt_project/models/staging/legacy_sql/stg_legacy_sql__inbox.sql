{# One row per message to the old shop's programs, with its outcome. #}
with messages as (

    select * from {{ source('legacy_sql', 'legacy_sql__inbox') }}

),

cleaned as (

    select
        _key as message_source_id,
        lower({{ trimmed('message_entity') }}) as message_entity,
        {{ trimmed('entity_key') }} as entity_key,
        case message_status
            when 'N' then 'new'
            when 'P' then 'processed'
            when 'E' then 'refused'
        end as message_status,
        message_text,
        {{ trimmed('error_code') }} as error_code,
        {{ trimmed('error_text') }} as error_text,
        {{ believed('changed_at') }} as changed_at
    from messages
    where not _is_deleted

)

select * from cleaned
