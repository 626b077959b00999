{# One row per system and field whose value is not known, which is neither none nor
   removed: the account lacks the field, or, where it `is_awaited`, has it, and not all
   records were read since it was declared. #}
with unread_fields as (

    select * from {{ source('ops', 'unread_fields') }}

),

unread as (

    select
        system,
        field,
        bool_or(is_awaited) as is_awaited
    from unread_fields
    group by system, field

)

select * from unread
