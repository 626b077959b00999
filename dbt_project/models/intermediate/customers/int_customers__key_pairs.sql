{# One row per pair of records and rule that joins them by a key that one record
   carries of the other; a number that an ERP has twice is none, and two ERPs may give
   one number to two customers, so there the name must be the same, too. Records that
   were one customer last night stay one, so that a changed e-mail address does not
   split a customer. #}
{{ config(tags=['prepare'], meta={'looks_up': true}) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

known as (

    select
        customers.system,
        customers.record_key,
        identities.golden_id,
        first_value(customers.system) over by_age as first_system,
        first_value(customers.record_key) over by_age as first_key
    from int_customers__unioned as customers
    inner join stg_concord__identities as identities
        on
            customers.system = identities.system
            and customers.record_key = identities.record_key
    window by_age as (
        partition by identities.golden_id
        order by customers.system, customers.record_key
    )

),

numbered as (

    select
        system,
        record_key,
        account_key,
        name_key,
        count(*) over (partition by system, account_key) as number_uses
    from int_customers__unioned
    where {{ plays('system', 'erp') }} and account_key is not null

),

pairs as (

    select
        'external_id' as match_rule,
        customers.system as one_system,
        customers.record_key as one_key,
        known.system as other_system,
        known.record_key as other_key
    from int_customers__unioned as customers
    inner join known
        on
            customers.external_id = known.golden_id
            and (known.system, known.record_key) = (known.first_system, known.first_key)

    union all

    select
        'account_number' as match_rule,
        account.system as one_system,
        account.record_key as one_key,
        party.system as other_system,
        party.record_key as other_key
    from int_customers__unioned as account
    inner join numbered as party
        on account.account_key = party.account_key
    where
        account.system <> party.system
        and party.number_uses = 1
        and (
            not {{ plays('account.system', 'erp') }}
            or account.name_key = party.name_key
        )

    union all

    select
        'known_crosswalk' as match_rule,
        system as one_system,
        record_key as one_key,
        first_system as other_system,
        first_key as other_key
    from known

)

select * from pairs
where (one_system, one_key) <> (other_system, other_key)
