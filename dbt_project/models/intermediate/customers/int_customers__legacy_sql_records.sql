{# One row per loyalty account of the old shop, in the columns that all customer records
   share. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_legacy_sql__customers as (

    select * from {{ ref('stg_legacy_sql__customers') }}

),

shaped as (

    select
        'legacy_sql' as system,
        customer_source_id as record_key,
        null as external_id,
        {{ normalised_code('erp_customer_code') }} as account_number,
        null as contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        case when is_company then 'company' else 'person' end as customer_kind,
        customer_name as record_name,
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
    from stg_legacy_sql__customers

)

select * from shaped
