{# One row per id that was merged away, with the contact it lives on as; a contact that was
   itself merged on later is not the end of the way. #}
with contacts as (

    select * from {{ source('hubspot', 'hubspot__contacts') }}

),

live as (

    select * from contacts
    where not _is_deleted

),

unnested as (

    select
        live._key as contact_source_id,
        btrim(former.source_id) as merged_source_id
    from live
    cross join lateral regexp_split_to_table(live.merged_source_ids, ';')
        as former (source_id)

),

lasting as (

    select
        unnested.merged_source_id,
        unnested.contact_source_id
    from unnested
    left join unnested as later
        on unnested.contact_source_id = later.merged_source_id
    where later.merged_source_id is null and unnested.merged_source_id <> ''

)

select * from lasting
