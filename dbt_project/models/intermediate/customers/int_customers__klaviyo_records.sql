{# One row per profile of the marketing tool, in the columns that all customer records
   share. Its external id is the ERP's number or the id that Concord gave it. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_klaviyo__profiles as (

    select * from {{ ref('stg_klaviyo__profiles') }}

),

shaped as (

    select
        'klaviyo' as system,
        profiles.profile_source_id as record_key,
        profiles.external_id,
        {{ normalised_code('profiles.external_id') }} as account_number,
        null as contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        case when profiles.company_name is null then 'person' else 'company' end
        as customer_kind,
        coalesce(
            profiles.company_name,
            nullif(concat_ws(' ', profiles.first_name, profiles.last_name), '')
        ) as record_name,
        profiles.first_name,
        profiles.last_name,
        profiles.email as email_as_written,
        profiles.phone as phone_as_written,
        profiles.street,
        profiles.city,
        profiles.postal_code,
        profiles.country_spelling as country_as_written,
        false as is_incomplete,
        profiles.changed_at
    from stg_klaviyo__profiles as profiles

)

select * from shaped
