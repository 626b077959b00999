{# One row per order record whose system has one word for several of our statuses and
   whose meaning is known: the first owner with a more exact status has the status that
   is meant. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

further_statuses as (

    select * from {{ ref('int_systems__further_statuses') }}

),

field_ownership as (

    select * from {{ ref('int_systems__ownership') }}
    where entity = 'order' and field = 'order_status'

),

wide as (

    select
        orders.order_name,
        orders.system,
        further_statuses.order_status
    from int_orders__identified as orders
    inner join further_statuses
        on
            orders.system = further_statuses.system
            and orders.source_status = further_statuses.source_status

),

ranked as (

    select
        wide.order_name,
        wide.system,
        wide.order_status,
        others.order_status as known_status,
        row_number() over (
            partition by wide.order_name, wide.system, wide.order_status
            order by field_ownership.ownership_rank, others.system
        ) as owner_rank
    from wide
    inner join int_orders__identified as others
        on wide.order_name = others.order_name and wide.system <> others.system
    inner join field_ownership on others.system = field_ownership.system
    where others.order_status is not null

),

meant as (

    select
        order_name,
        system,
        order_status
    from ranked
    where owner_rank = 1 and order_status = known_status

)

select * from meant
