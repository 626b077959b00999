{# One row per party with an address or contact mechanism: the first of each kind. #}
{{ config(tags=['prepare'], materialized='view') }}

with stg_tryton__addresses as (

    select * from {{ ref('stg_tryton__addresses') }}

),

stg_tryton__contact_mechanisms as (

    select * from {{ ref('stg_tryton__contact_mechanisms') }}

),

ranked_addresses as (

    select
        *,
        row_number() over (
            partition by party_source_id
            order by length(address_source_id), address_source_id
        ) as address_rank
    from stg_tryton__addresses

),

ranked_mechanisms as (

    select
        *,
        row_number() over (
            partition by party_source_id, field
            order by length(mechanism_source_id), mechanism_source_id
        ) as mechanism_rank
    from stg_tryton__contact_mechanisms
    where field in ('email', 'phone')

),

mechanisms as (

    select
        party_source_id,
        max(mechanism_source_id) filter (where field = 'email') as email_source_id,
        max(mechanism_source_id) filter (where field = 'phone') as phone_source_id,
        max(mechanism_value) filter (where field = 'email') as email,
        max(mechanism_value) filter (where field = 'phone') as phone,
        max(changed_at) as mechanisms_changed_at
    from ranked_mechanisms
    where mechanism_rank = 1
    group by party_source_id

),

joined as (

    select
        coalesce(addresses.party_source_id, mechanisms.party_source_id)
        as party_source_id,
        addresses.address_source_id,
        mechanisms.email_source_id,
        mechanisms.phone_source_id,
        mechanisms.email,
        mechanisms.phone,
        addresses.street,
        addresses.city,
        addresses.postal_code,
        addresses.country_code,
        greatest(addresses.changed_at, mechanisms.mechanisms_changed_at) as changed_at
    from (
        select * from ranked_addresses
        where address_rank = 1
    ) as addresses
    full outer join mechanisms
        on addresses.party_source_id = mechanisms.party_source_id

)

select * from joined
