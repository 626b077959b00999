{# One row per customer of the ledger, in the columns that all customer records share.
   For a company the ledger has no person's name. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_netsuite__customers as (

    select * from {{ ref('stg_netsuite__customers') }}

),

shaped as (

    select
        'netsuite' as system,
        customer_source_id as record_key,
        concord_id as external_id,
        account_number,
        null as contact_source_id,
        null as address_source_id,
        null as email_source_id,
        null as phone_source_id,
        case when is_person then 'person' else 'company' end as customer_kind,
        case
            when is_person then nullif(concat_ws(' ', first_name, last_name), '')
            else company_name
        end as record_name,
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
    from stg_netsuite__customers

)

select * from shaped
