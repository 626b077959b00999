{# One row per party. If the party was quarantined, its address or contact mechanism
   still shows that the ERP knows the customer. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_tryton__parties as (

    select * from {{ ref('stg_tryton__parties') }}

),

int_customers__party_parts as (

    select * from {{ ref('int_customers__party_parts') }}

),

joined as (

    select
        'tryton' as system,
        coalesce(parties.party_source_id, parts.party_source_id) as record_key,
        parties.party_code as external_id,
        parties.party_code as account_number,
        null as contact_source_id,
        parts.address_source_id,
        parts.email_source_id,
        parts.phone_source_id,
        null as customer_kind,
        parties.party_name as record_name,
        null as first_name,
        null as last_name,
        parts.email as email_as_written,
        parts.phone as phone_as_written,
        parts.street,
        parts.city,
        parts.postal_code,
        parts.country_code as country_as_written,
        parties.party_source_id is null as is_incomplete,
        greatest(parties.changed_at, parts.changed_at) as changed_at
    from stg_tryton__parties as parties
    full outer join int_customers__party_parts as parts
        on parties.party_source_id = parts.party_source_id
    where not coalesce(parties.is_deleted, false)

)

select * from joined
