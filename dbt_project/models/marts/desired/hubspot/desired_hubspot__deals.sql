{# A deal gets the stage of its order's status; that of an order which only the shop
   knows is a draft's. A deal of a test order is archived. #}
with stg_hubspot__deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'hubspot' and is_primary

),

int_orders__status_corrections as (

    select * from {{ ref('int_orders__status_corrections') }}
    where system = 'hubspot'

),

int_hubspot__new_deals as (

    select * from {{ ref('int_hubspot__new_deals') }}

),

test_orders as (

    select order_name
    from {{ ref('int_orders__records') }}
    where {{ plays('system', 'shop') }}
    group by order_name
    having bool_and(is_test)

),

desired as (

    select
        coalesce(primaries.order_name, 'deal:' || deals.deal_source_id) as _entity_id,
        deals.deal_source_id as _key,
        case
            when test_orders.order_name is not null then 'made for a test order'
            else coalesce(stages.reason, 'agrees')
        end as _reason,
        null as shop_order_name,
        null as deal_name,
        null::numeric as amount,
        null as currency_code,
        null as pipeline_name,
        stages.source_status as deal_stage,
        null as erp_customer_code,
        case when test_orders.order_name is not null then true end as is_archived,
        null::timestamptz as closed_at
    from stg_hubspot__deals as deals
    left join int_orders__identified as primaries
        on deals.deal_source_id = primaries.record_key
    left join int_orders__status_corrections as stages
        on deals.deal_source_id = stages.record_key
    left join test_orders on deals.order_name = test_orders.order_name

    union all

    select
        order_name as _entity_id,
        null as _key,
        'order of the shop, unknown here' as _reason,
        order_name as shop_order_name,
        'Order ' || order_name as deal_name,
        total_amount as amount,
        currency_code,
        '{{ var("deal_pipeline") }}' as pipeline_name,
        deal_stage,
        customer_number as erp_customer_code,
        null as is_archived,
        ordered_at as closed_at
    from int_hubspot__new_deals

)

select * from desired
