{# One row per business partner with its first address, in the columns that all customer
   records share. For a company SAP has no person's name. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

stg_sap__addresses as (

    select * from {{ ref('stg_sap__addresses') }}

),

addresses as (

    select
        *,
        row_number() over (
            partition by partner_source_id
            order by length(address_number), address_number
        ) as address_rank
    from stg_sap__addresses

),

joined as (

    select
        'sap' as system,
        partners.stored_source_id as record_key,
        null as external_id,
        {{ normalised_code('partners.party_code') }} as account_number,
        null as contact_source_id,
        addresses.address_source_id,
        null as email_source_id,
        null as phone_source_id,
        nullif(partners.partner_kind, 'group') as customer_kind,
        coalesce(
            partners.company_name,
            nullif(concat_ws(' ', partners.first_name, partners.last_name), '')
        ) as record_name,
        partners.first_name,
        partners.last_name,
        addresses.email as email_as_written,
        addresses.phone as phone_as_written,
        addresses.street,
        addresses.city,
        addresses.postal_code,
        addresses.country_code as country_as_written,
        false as is_incomplete,
        greatest(partners.changed_at, addresses.changed_at) as changed_at
    from stg_sap__business_partners as partners
    left join addresses
        on
            partners.partner_source_id = addresses.partner_source_id
            and addresses.address_rank = 1

)

select * from joined
