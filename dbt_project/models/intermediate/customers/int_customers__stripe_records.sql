{# One row per customer of the payment provider, in the shape of the others; it knows
   one name and not whose. #}
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
        email,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code,
        false as is_incomplete,
        changed_at
    from stg_stripe__customers

)

select * from shaped
