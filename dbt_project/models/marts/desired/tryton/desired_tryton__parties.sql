with stg_tryton__parties as (

    select * from {{ ref('stg_tryton__parties') }}

),

{{ import_customers('tryton', where='not is_incomplete') }},

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'tryton'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(
            corrections.company_name,
            corrections.customer_name,
            stored.stored_party_name
        ) as party_name,
        null as party_code
    from int_customers__identified as customers
    inner join stg_tryton__parties as stored
        on customers.record_key = stored.party_source_id
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

    union all

    select
        customer_id as _entity_id,
        null as _key,
        'customer of the shop with an order, unknown here' as _reason,
        customer_name as party_name,
        customer_id as party_code
    from int_customers__to_create

)

select * from desired
