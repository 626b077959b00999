with stg_tryton__contact_mechanisms as (

    select * from {{ ref('stg_tryton__contact_mechanisms') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'tryton' and is_primary and not is_incomplete

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'customer' and system = 'tryton'

),

int_tryton__new_parts as (

    select * from {{ ref('int_tryton__new_parts') }}
    where resource = 'contact_mechanisms'

),

primaries as (

    select
        golden_id,
        'email' as field,
        email_source_id as mechanism_source_id
    from int_customers__identified

    union all

    select
        golden_id,
        'phone' as field,
        phone_source_id as mechanism_source_id
    from int_customers__identified

),

desired as (

    select
        coalesce(
            primaries.golden_id || ':' || primaries.field,
            mechanisms.mechanism_source_id
        ) as _entity_id,
        mechanisms.mechanism_source_id as _key,
        coalesce('from ' || wanted.golden_system || ': ' || wanted.field, 'agrees')
        as _reason,
        null as party_source_id,
        null as mechanism_type,
        coalesce(wanted.golden_value, mechanisms.stored_value) as mechanism_value
    from stg_tryton__contact_mechanisms as mechanisms
    left join primaries
        on mechanisms.mechanism_source_id = primaries.mechanism_source_id
    left join int_fields__disagreements as wanted
        on
            primaries.golden_id = wanted.golden_id
            and primaries.field = wanted.field

    union all

    select
        golden_id || ':' || field as _entity_id,
        null as _key,
        'known elsewhere, lacking here' as _reason,
        party_source_id,
        field as mechanism_type,
        value as mechanism_value
    from int_tryton__new_parts

)

select * from desired
