{# One row per system and field that the account of the system lacks, so that it is not
   read: its value is unknown there, which is neither none nor removed. #}
with account_fields as (

    select * from {{ source('ops', 'account_fields') }}

),

unread as (

    select distinct
        system,
        field
    from account_fields
    where vendor_path is null and constant is null

)

select * from unread
