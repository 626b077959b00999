{# One row per account that was merged into another one, with the account that remains.
   If that account was merged later as well, the last one counts. #}
with recursive accounts as (

    select * from {{ source('salesforce', 'salesforce__accounts') }}

),

merged as (

    select
        _key as merged_source_id,
        master_source_id
    from accounts
    where _is_deleted and master_source_id is not null

),

followed as (

    select
        merged_source_id,
        master_source_id,
        1 as steps
    from merged

    union all

    select
        followed.merged_source_id,
        merged.master_source_id,
        followed.steps + 1 as steps
    from followed
    inner join merged on followed.master_source_id = merged.merged_source_id
    where followed.steps < 20

),

lasting as (

    select
        followed.merged_source_id,
        followed.master_source_id as account_source_id
    from followed
    left join merged as later on followed.master_source_id = later.merged_source_id
    where later.merged_source_id is null

)

select * from lasting
