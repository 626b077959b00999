{# Only the old shop's own programs may change the two lines of a name. They are sent
   one message with the right name. If they refused a message, it is sent again under
   another id. #}
with int_legacy_sql__name_lines as (

    select * from {{ ref('int_legacy_sql__name_lines') }}

),

stg_legacy_sql__inbox as (

    select * from {{ ref('stg_legacy_sql__inbox') }}
    where message_entity = 'customer'

),

worded as (

    select
        golden_id,
        record_key,
        'from ' || golden_system || ': ' || field as reason,
        jsonb_build_object(
            'name_line_1', name_line_1, 'name_line_2', name_line_2
        )::text as message_text
    from int_legacy_sql__name_lines

),

told as (

    select
        entity_key,
        message_text,
        min(message_source_id) filter (where message_status <> 'refused')
        as message_source_id,
        count(*) filter (where message_status = 'refused') as refusals
    from stg_legacy_sql__inbox
    group by entity_key, message_text

),

desired as (

    select
        told.message_source_id as _key,
        worded.reason as _reason,
        'CUSTOMER' as message_entity,
        worded.record_key as entity_key,
        worded.message_text,
        worded.golden_id || ':' || left(md5(worded.message_text), 12) || ':'
        || coalesce(told.refusals, 0) as _entity_id
    from worded
    left join told
        on
            worded.record_key = told.entity_key
            and worded.message_text = told.message_text

)

select
    _entity_id,
    _key,
    _reason,
    message_entity,
    entity_key,
    message_text
from desired
