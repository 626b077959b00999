with stg_tryton__addresses as (

    select * from {{ ref('stg_tryton__addresses') }}

),

{{ import_customers('tryton', where='is_primary and not is_incomplete') }},

int_tryton__new_parts as (

    select * from {{ ref('int_tryton__new_parts') }}
    where resource = 'addresses'

),

customers as (

    select * from {{ ref('customers') }}

),

desired as (

    select
        coalesce(parties.golden_id, addresses.address_source_id) as _entity_id,
        addresses.address_source_id as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        null as party_source_id,
        coalesce(corrections.street, addresses.stored_street) as street,
        coalesce(corrections.city, addresses.stored_city) as city,
        coalesce(corrections.postal_code, addresses.stored_postal_code) as postal_code,
        coalesce(corrections.country_code, addresses.stored_country_code)
        as country_code
    from stg_tryton__addresses as addresses
    left join int_customers__identified as parties
        on addresses.address_source_id = parties.address_source_id
    left join int_customers__corrections as corrections
        on parties.golden_id = corrections.golden_id

    union all

    select
        new_parts.golden_id as _entity_id,
        null as _key,
        'known elsewhere, lacking here' as _reason,
        new_parts.party_source_id,
        customers.street,
        customers.city,
        customers.postal_code,
        customers.country_code
    from int_tryton__new_parts as new_parts
    inner join customers on new_parts.golden_id = customers.customer_id

)

select * from desired
