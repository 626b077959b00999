{# One row per id of a merged contact, with the contact that remains. If that contact
   was merged later as well, the last one counts. #}
with live as (

    select * from {{ source('hubspot', 'hubspot__contacts') }}
    where not _is_deleted

),

unnested as (

    select
        _key as contact_source_id,
        btrim(regexp_split_to_table(merged_source_ids, ';')) as merged_source_id
    from live

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
