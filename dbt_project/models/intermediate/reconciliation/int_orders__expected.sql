{# One row per live order of the shop and system that should know it. `hold_reason`
   says why a missing one cannot be created yet. #}
{{ config(tags=['marts', 'measure']) }}

with int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where is_primary

),

int_orders__lines as (

    select * from {{ ref('int_orders__lines') }}

),

int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}

),

stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate'

),

flows as (

    select * from {{ ref('flows') }}
    where entity = 'order' and is_creation_wanted

),

quarantined_customers as (

    select record_key
    from stg_concord__dead_letters
    where system = 'shopify' and resource = 'customers' and record_key is not null
    group by record_key

),

line_checks as (

    select
        order_name,
        bool_and(
            erp_product_source_id is not null
            and erp_unit_source_id is not null
            and quantity > 0
            and unit_price is not null
        ) as is_sellable
    from int_orders__lines
    group by order_name

),

crm_orders as (

    select
        order_name,
        customer_golden_id
    from int_orders__identified
    where system = 'salesforce'

),

judged as (

    select
        orders.order_name,
        flows.system,
        present.record_key,
        coalesce(orders.customer_golden_id, crm_orders.customer_golden_id)
        as customer_golden_id,
        case
            when present.record_key is not null then null
            when customers.hold_reason is not null then customers.hold_reason
            when
                coalesce(orders.customer_golden_id, crm_orders.customer_golden_id)
                is null
                then
                    case
                        when quarantined_customers.record_key is null
                            then 'missing_value'
                        else 'quarantined'
                    end
            when line_checks.is_sellable is not true then 'unknown_product'
        end as hold_reason,
        present.record_key is not null as is_present
    from int_orders__identified as orders
    inner join flows on orders.system <> flows.system
    left join int_orders__identified as present
        on orders.order_name = present.order_name and flows.system = present.system
    left join crm_orders on orders.order_name = crm_orders.order_name
    left join line_checks on orders.order_name = line_checks.order_name
    left join int_customers__expected as customers
        on
            orders.customer_golden_id = customers.golden_id
            and flows.system = customers.system
    left join quarantined_customers
        on orders.customer_record_key = quarantined_customers.record_key
    where orders.system = 'shopify' and not orders.is_cancelled

)

select * from judged
