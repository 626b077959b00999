{# One row per order whose status is known now, or will be known once tonight's records
   are created in the system that decides it. #}
{{ config(tags=['marts'], materialized='view') }}

with int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'order' and field = 'order_status'

),

int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}

),

owners as (

    select system
    from {{ ref('int_systems__ownership') }}
    where entity = 'order' and field = 'order_status' and ownership_rank = 1

),

order_statuses as (

    select * from {{ ref('int_systems__order_statuses') }}
    where is_initial

),

begun as (

    select
        to_create.system,
        to_create.order_name,
        order_statuses.order_status
    from int_orders__to_create as to_create
    inner join owners on to_create.system = owners.system
    inner join order_statuses on to_create.system = order_statuses.system

),

joined as (

    select
        coalesce(begun.order_name, golden.golden_id) as order_name,
        coalesce(begun.system, golden.system) as system,
        coalesce(begun.order_status, golden.value) as order_status,
        case
            when begun.order_name is null then 'from ' || golden.system || ': status'
            else 'its order is created tonight in ' || begun.system
        end as reason
    from int_fields__golden as golden
    full outer join begun on golden.golden_id = begun.order_name

)

select * from joined
