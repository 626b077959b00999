{# One row per contact of HubSpot with its company, in the columns that all customer
   records share. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_hubspot__contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

stg_hubspot__companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

joined as (

    select
        'hubspot' as system,
        contacts.contact_source_id as record_key,
        contacts.concord_id as external_id,
        contacts.erp_customer_code as account_number,
        contacts.contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        case when contacts.company_source_id is null then 'person' else 'company' end
        as customer_kind,
        coalesce(
            companies.company_name,
            nullif(concat_ws(' ', contacts.first_name, contacts.last_name), '')
        ) as record_name,
        contacts.first_name,
        contacts.last_name,
        contacts.email as email_as_written,
        contacts.phone as phone_as_written,
        contacts.street,
        contacts.city,
        contacts.postal_code,
        contacts.country_spelling as country_as_written,
        false as is_incomplete,
        contacts.changed_at
    from stg_hubspot__contacts as contacts
    left join stg_hubspot__companies as companies
        on contacts.company_source_id = companies.company_source_id

)

select * from joined
