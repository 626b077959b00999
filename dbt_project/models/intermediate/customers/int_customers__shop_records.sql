{# One row per customer record of the shop, in the columns that all customer records
   share. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_shopify__customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

shaped as (

    select
        'shopify' as system,
        customer_source_id as record_key,
        null as external_id,
        null as account_number,
        null as contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        case when company_name is null then 'person' else 'company' end
        as customer_kind,
        coalesce(
            company_name, nullif(concat_ws(' ', first_name, last_name), '')
        ) as record_name,
        first_name,
        last_name,
        email as email_as_written,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code as country_as_written,
        false as is_incomplete,
        changed_at
    from stg_shopify__customers

)

select * from shaped
