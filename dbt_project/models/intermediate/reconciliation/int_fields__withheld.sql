{# One row per golden record, field and system's rank of which the system's record was
   set aside when it was read, so that nobody knows what it says; the first rank counts.
   A customer's record is recognised by its e-mail address or its number in the ERP, an
   order by its name. A record that is held beside is not withheld. #}
{{ config(tags=['marts', 'measure']) }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}

),

letters as (

    select letters.*
    from stg_concord__dead_letters as letters
    left join int_customers__identified as held
        on letters.system = held.system and letters.record_key = held.record_key
    where
        {{ holds('customer', 'letters') }}
        and held.record_key is null

),

withheld as (

    select
        'customer' as entity,
        golden_id,
        system
    from int_customers__identified
    where is_primary and is_incomplete

    union distinct

    select
        'customer' as entity,
        known.golden_id,
        letters.system
    from letters
    inner join int_customers__identified as known
        on letters.system <> known.system and letters.email = known.email

    union distinct

    select
        'customer' as entity,
        known.golden_id,
        letters.system
    from letters
    inner join int_customers__identified as known
        on
            letters.system <> known.system
            and {{ normalised_code('letters.account_number') }} = known.account_key

    union distinct

    select
        'order' as entity,
        letters.order_name as golden_id,
        letters.system
    from stg_concord__dead_letters as letters
    left join int_orders__identified as held
        on letters.system = held.system and letters.order_name = held.order_name
    where
        {{ holds('order', 'letters') }}
        and letters.order_name is not null
        and held.order_name is null

),

ranked as (

    select
        withheld.entity,
        withheld.golden_id,
        field_ownership.field,
        min(field_ownership.ownership_rank) as first_rank
    from withheld
    inner join field_ownership
        on
            withheld.entity = field_ownership.entity
            and withheld.system = field_ownership.system
    group by withheld.entity, withheld.golden_id, field_ownership.field

)

select * from ranked
