{# One row per id that was merged away, with the company it lives on as; a company that was
   itself merged on later is not the end of the way. #}
with companies as (

    select * from {{ source('hubspot', 'hubspot__companies') }}

),

live as (

    select * from companies
    where not _is_deleted

),

unnested as (

    select
        live._key as company_source_id,
        btrim(former.source_id) as merged_source_id
    from live
    cross join lateral regexp_split_to_table(live.merged_source_ids, ';')
        as former (source_id)

),

lasting as (

    select
        unnested.merged_source_id,
        unnested.company_source_id
    from unnested
    left join unnested as later
        on unnested.company_source_id = later.merged_source_id
    where later.merged_source_id is null and unnested.merged_source_id <> ''

)

select * from lasting
