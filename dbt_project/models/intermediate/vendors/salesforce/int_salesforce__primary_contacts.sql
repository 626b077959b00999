{# One row per account that has a contact, with the oldest one. A contact of a merged
   account belongs to the account that remains. #}
{{ config(tags=['prepare'], materialized='view') }}

with stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

stg_salesforce__account_merges as (

    select * from {{ ref('stg_salesforce__account_merges') }}

),

placed as (

    select
        contacts.contact_source_id,
        coalesce(
            merged_away.account_source_id, contacts.account_source_id
        ) as account_source_id,
        contacts.concord_id,
        contacts.first_name,
        contacts.last_name,
        contacts.email,
        contacts.phone,
        contacts.stored_first_name,
        contacts.stored_last_name,
        contacts.stored_email,
        contacts.stored_phone,
        contacts.changed_at
    from stg_salesforce__contacts as contacts
    left join stg_salesforce__account_merges as merged_away
        on contacts.account_source_id = merged_away.merged_source_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by account_source_id
            order by length(contact_source_id), contact_source_id
        ) as contact_rank
    from placed
    where account_source_id is not null

),

primary_contacts as (

    select * from ranked
    where contact_rank = 1

)

select * from primary_contacts
