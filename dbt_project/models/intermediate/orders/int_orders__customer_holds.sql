{# One row per order and system that names a customer who cannot be judged yet, with the
   reason. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_customers__in_review as (

    select * from {{ ref('int_customers__in_review') }}

),

stg_concord__dead_letters as (

    select
        system,
        record_key
    from {{ ref('stg_concord__dead_letters') }}
    where
        stage = 'validate'
        and {{ holds('customer') }}
    group by system, record_key

),

judged as (

    select
        orders.order_name,
        orders.system,
        case
            when refused.record_key is not null then 'quarantined'
            else 'in_review'
        end as hold_reason
    from int_orders__identified as orders
    left join stg_concord__dead_letters as refused
        on
            orders.system = refused.system
            and orders.customer_record_key = refused.record_key
    left join int_customers__in_review
        on orders.customer_golden_id = int_customers__in_review.golden_id
    where
        refused.record_key is not null
        or int_customers__in_review.golden_id is not null

)

select * from judged
