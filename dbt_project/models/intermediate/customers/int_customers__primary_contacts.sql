{# One row per account that has a contact: its oldest one. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by account_source_id
            order by length(contact_source_id), contact_source_id
        ) as contact_rank
    from stg_salesforce__contacts
    where account_source_id is not null

),

primary_contacts as (

    select * from ranked
    where contact_rank = 1

)

select * from primary_contacts
