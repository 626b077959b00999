with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}

),

int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}

),

int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}

),

compared as (

    select
        one.entity,
        one.field,
        one.system as left_system,
        other.system as right_system,
        one.comparison = other.comparison
        or coalesce(
            abs(one.amount - other.amount) <= tolerances.tolerated_amount, false
        ) as is_agreed
    from int_fields__unioned as one
    inner join int_fields__unioned as other
        on
            one.entity = other.entity
            and one.golden_id = other.golden_id
            and one.field = other.field
            and one.system < other.system
            and one.comparison is not null
            and other.comparison is not null
    left join tolerances
        on one.entity = tolerances.entity and one.field = tolerances.field

    union all

    select
        'customer' as entity,
        'exists' as field,
        least(source_system, system) as left_system,
        greatest(source_system, system) as right_system,
        is_present as is_agreed
    from int_customers__expected

    union all

    select
        'order' as entity,
        'exists' as field,
        least(shop_system, system) as left_system,
        greatest(shop_system, system) as right_system,
        is_present as is_agreed
    from int_orders__expected

    union all

    select
        'wholesale_order' as entity,
        'exists' as field,
        least(system, golden_system) as left_system,
        greatest(system, golden_system) as right_system,
        is_present as is_agreed
    from int_wholesale__expected

    union all

    select
        'wholesale_order' as entity,
        'total_amount' as field,
        least(orders.system, orders.golden_system) as left_system,
        greatest(orders.system, orders.golden_system) as right_system,
        abs(orders.total_amount - orders.crm_amount)
        <= tolerances.tolerated_amount as is_agreed
    from int_wholesale__expected as orders
    inner join tolerances
        on
            tolerances.entity = 'wholesale_order'
            and tolerances.field = 'total_amount'
    where orders.crm_amount is not null and orders.is_present

),

counted as (

    select
        entity,
        field,
        left_system,
        right_system,
        count(*) as compared,
        count(*) filter (where is_agreed) as agreed
    from compared
    group by entity, field, left_system, right_system

)

select * from counted
