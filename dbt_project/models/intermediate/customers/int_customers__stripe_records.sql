{# One row per customer of the payment provider, in the columns that all customer
   records share. The provider has one name and does not say whether it is a person's or
   a company's. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_stripe__customers as (

    select * from {{ ref('stg_stripe__customers') }}

),

shaped as (

    select
        'stripe' as system,
        customer_source_id as record_key,
        concord_id as external_id,
        null as account_number,
        null as contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        null as customer_kind,
        customer_name as record_name,
        null as first_name,
        null as last_name,
        email as email_as_written,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code as country_as_written,
        false as is_incomplete,
        changed_at
    from stg_stripe__customers

)

select * from shaped
