{# A contact whose account was refused still tells that the customer is known there.
   #}
{{ config(tags=['prepare', 'measure']) }}

with stg_salesforce__accounts as (

    select * from {{ ref('stg_salesforce__accounts') }}

),

stg_salesforce__contacts as (

    select * from {{ ref('stg_salesforce__contacts') }}

),

country_spellings as (

    select * from {{ ref('country_spellings') }}

),

ranked_contacts as (

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

    select * from ranked_contacts
    where contact_rank = 1

),

joined as (

    select
        coalesce(
            stg_salesforce__accounts.account_source_id,
            primary_contacts.account_source_id
        ) as account_source_id,
        primary_contacts.contact_source_id,
        stg_salesforce__accounts.concord_id,
        stg_salesforce__accounts.account_number,
        stg_salesforce__accounts.account_name,
        stg_salesforce__accounts.customer_kind,
        primary_contacts.first_name,
        primary_contacts.last_name,
        primary_contacts.email,
        primary_contacts.phone,
        stg_salesforce__accounts.street,
        stg_salesforce__accounts.city,
        stg_salesforce__accounts.postal_code,
        country_spellings.country_code,
        stg_salesforce__accounts.account_source_id is null as is_incomplete,
        greatest(
            stg_salesforce__accounts.changed_at, primary_contacts.changed_at
        ) as changed_at
    from stg_salesforce__accounts
    full outer join primary_contacts
        on
            stg_salesforce__accounts.account_source_id
            = primary_contacts.account_source_id
    left join country_spellings
        on stg_salesforce__accounts.country_spelling = country_spellings.spelling
    where not coalesce(stg_salesforce__accounts.is_deleted, false)

)

select * from joined
