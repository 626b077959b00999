{# One row per order of the wholesale department that the CRM should have; none until
   the CRM's orders were read. `hold_reason` says why a missing order cannot be created
   yet. #}
{{ config(tags=['marts', 'measure']) }}

with int_wholesale__systems as (

    select * from {{ ref('int_wholesale__systems') }}

),

int_wholesale__orders as (

    select * from {{ ref('int_wholesale__orders') }}

),

int_wholesale__customers as (

    select * from {{ ref('int_wholesale__customers') }}

),

int_wholesale__crm_orders as (

    select * from {{ ref('int_wholesale__crm_orders') }}
    where is_first

),

read_systems as (

    select system
    from {{ ref('int_cash__read_resources') }}
    where {{ holds('wholesale_order') }}
    group by system

),

flows as (

    select * from {{ ref('int_systems__flows') }}
    where entity = 'wholesale_order'

),

stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate'

),

refused_companies as (

    select
        system,
        record_key as customer_number
    from stg_concord__dead_letters
    where {{ holds('wholesale_customer') }} and record_key is not null
    group by system, record_key

),

refused_by_crm as (

    select
        system,
        order_number
    from stg_concord__dead_letters
    where {{ holds('wholesale_order') }} and order_number is not null
    group by system, order_number

),

judged as (

    select
        orders.order_number,
        systems.crm as system,
        systems.host as golden_system,
        customers.customer_golden_id,
        customers.customer_record_key,
        orders.customer_reference,
        case when present.is_primary then present.record_key end as record_key,
        case when present.is_primary then present.crm_order_number end
        as crm_order_number,
        orders.currency_code,
        present.currency_code as crm_currency_code,
        case
            when present.is_primary then null
            when orders.fault is not null then 'quarantined'
            when refused_by_crm.order_number is not null then 'quarantined'
            when present.is_deleted then 'deleted'
            when {{ is_unreadable_currency('orders.currency_code') }} then 'unreadable'
            when customers.customer_number is not null then customers.hold_reason
            when refused_companies.customer_number is not null then 'quarantined'
            else 'unknown_customer'
        end as hold_reason,
        orders.total_amount,
        present.total_amount as crm_amount,
        orders.order_date,
        orders.is_settled,
        coalesce(present.is_primary, false) as is_present
    from int_wholesale__orders as orders
    cross join int_wholesale__systems as systems
    inner join read_systems on systems.crm = read_systems.system
    inner join flows on systems.crm = flows.system
    left join int_wholesale__customers as customers
        on orders.customer_number = customers.customer_number
    left join int_wholesale__crm_orders as present
        on orders.order_number = present.order_number
    left join refused_companies
        on
            orders.customer_number = refused_companies.customer_number
            and systems.host = refused_companies.system
    left join refused_by_crm
        on
            orders.order_number = refused_by_crm.order_number
            and systems.crm = refused_by_crm.system

)

select * from judged
