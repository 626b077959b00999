{# One row per order whose status is known now, or will be known once tonight's sales
   are created; a new sale has the status `processing`. #}
{{ config(tags=['marts'], materialized='view') }}

with int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'order' and field = 'order_status'

),

int_orders__to_create as (

    select * from {{ ref('int_orders__to_create') }}
    where system = 'tryton'

),

order_statuses as (

    select * from {{ ref('order_statuses') }}
    where system = 'tryton' and source_status = 'processing'

),

begun as (

    select
        to_create.order_name,
        order_statuses.order_status
    from int_orders__to_create as to_create
    cross join order_statuses

),

joined as (

    select
        coalesce(begun.order_name, golden.golden_id) as order_name,
        coalesce(begun.order_status, golden.value) as order_status,
        case
            when begun.order_name is null then 'from ' || golden.system || ': status'
            else 'its sale is created tonight'
        end as reason
    from int_fields__golden as golden
    full outer join begun on golden.golden_id = begun.order_name

)

select * from joined
