{# One row per record that others were merged into and customer that it inherits from
   one of them, with a record by which that customer is still known. #}
{{ config(tags=['prepare'], meta={'looks_up': true}) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}

),

int_customers__merges as (

    select * from {{ ref('int_customers__merges') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

ranked as (

    select
        customers.system,
        customers.record_key,
        identities.golden_id,
        row_number() over (
            partition by identities.golden_id
            order by customers.system, customers.record_key
        ) as known_rank
    from int_customers__unioned as customers
    inner join stg_concord__identities as identities
        on
            customers.system = identities.system
            and customers.record_key = identities.record_key

),

inherited as (

    select
        'merged_record' as match_rule,
        merged_away.system as one_system,
        merged_away.record_key as one_key,
        ranked.system as other_system,
        ranked.record_key as other_key
    from int_customers__merges as merged_away
    inner join stg_concord__identities as identities
        on
            merged_away.system = identities.system
            and merged_away.merged_key = identities.record_key
    inner join ranked
        on
            identities.golden_id = ranked.golden_id
            and ranked.known_rank = 1

)

select * from inherited
where (one_system, one_key) <> (other_system, other_key)
