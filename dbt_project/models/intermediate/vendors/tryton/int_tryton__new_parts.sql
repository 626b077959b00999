{# One row per address, e-mail address or phone number that the ERP lacks for a golden
   customer that it knows or that is about to be created there. A part that was
   quarantined exists already. #}
{{ config(tags=['marts']) }}

with int_tryton__parties as (

    select * from {{ ref('int_tryton__parties') }}

),

customers as (

    select * from {{ ref('customers') }}

),

stg_concord__dead_letters as (

    select
        resource,
        parent_source_id
    from {{ ref('stg_concord__dead_letters') }}
    where system = 'tryton' and stage = 'validate' and parent_source_id is not null
    group by resource, parent_source_id

),

lacking as (

    select
        parties.golden_id,
        parties.party_source_id,
        parts.resource,
        parts.field,
        parts.value
    from int_tryton__parties as parties
    inner join customers on parties.golden_id = customers.customer_id
    cross join
        lateral (
            values
            ('addresses', 'street', customers.street, parties.lacks_address),
            ('contact_mechanisms', 'email', customers.email, parties.lacks_email),
            ('contact_mechanisms', 'phone', customers.phone, parties.lacks_phone)
        ) as parts (resource, field, value, is_lacking)
    left join stg_concord__dead_letters as refused
        on
            parties.party_source_id = refused.parent_source_id
            and parts.resource = refused.resource
    where
        parts.is_lacking
        and parts.value is not null
        and refused.parent_source_id is null

)

select * from lacking
