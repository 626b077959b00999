{# One row per contact that was merged into another one, with that contact and the
   account to which the merged one belonged. #}
with contacts as (

    select * from {{ source('salesforce', 'salesforce__contacts') }}

),

merged as (

    select
        _key as merged_source_id,
        master_source_id as contact_source_id,
        account_source_id
    from contacts
    where _is_deleted and master_source_id is not null

)

select * from merged
