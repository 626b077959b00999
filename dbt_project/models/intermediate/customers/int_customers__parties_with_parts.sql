{# A part whose party was refused still tells that the customer is known there. #}
{{ config(tags=['prepare', 'measure']) }}

with stg_tryton__parties as (

    select * from {{ ref('stg_tryton__parties') }}

),

int_customers__party_parts as (

    select * from {{ ref('int_customers__party_parts') }}

),

joined as (

    select
        coalesce(parties.party_source_id, parts.party_source_id) as party_source_id,
        parts.address_source_id,
        parts.email_source_id,
        parts.phone_source_id,
        parties.party_code,
        parties.party_name,
        parts.email,
        parts.phone,
        parts.street,
        parts.city,
        parts.postal_code,
        parts.country_code,
        parties.party_source_id is null as is_incomplete,
        greatest(parties.changed_at, parts.changed_at) as changed_at
    from stg_tryton__parties as parties
    full outer join int_customers__party_parts as parts
        on parties.party_source_id = parts.party_source_id
    where not coalesce(parties.is_deleted, false)

)

select * from joined
