{{ config(tags=['prepare', 'measure']) }}

with stg_shopify__customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

int_customers__accounts_with_contacts as (

    select * from {{ ref('int_customers__accounts_with_contacts') }}

),

int_customers__parties_with_parts as (

    select * from {{ ref('int_customers__parties_with_parts') }}

),

unioned as (

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
        email,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code,
        false as is_incomplete,
        changed_at
    from stg_shopify__customers

    union all

    select
        'salesforce' as system,
        account_source_id as record_key,
        concord_id as external_id,
        account_number,
        contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        customer_kind,
        coalesce(
            account_name, nullif(concat_ws(' ', first_name, last_name), '')
        ) as record_name,
        first_name,
        last_name,
        email,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code,
        is_incomplete,
        changed_at
    from int_customers__accounts_with_contacts

    union all

    select
        'tryton' as system,
        party_source_id as record_key,
        party_code as external_id,
        party_code as account_number,
        null as contact_source_id,
        address_source_id,
        email_source_id,
        phone_source_id,
        null as customer_kind,
        party_name as record_name,
        null as first_name,
        null as last_name,
        email,
        phone as phone_as_written,
        street,
        city,
        postal_code,
        country_code,
        is_incomplete,
        changed_at
    from int_customers__parties_with_parts

)

select * from unioned
