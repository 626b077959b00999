{# Once an order is in the CRM, its people may change it; only its amount is kept equal
   to the host's. #}
with int_wholesale__crm_orders as (

    select * from {{ ref('int_wholesale__crm_orders') }}
    where system = 'salesforce' and not is_deleted

),

int_wholesale__breaks as (

    select * from {{ ref('int_wholesale__breaks') }}
    where
        system = 'salesforce' and field = 'total_amount' and cause = 'amount'

),

int_wholesale__to_create as (

    select * from {{ ref('int_wholesale__to_create') }}
    where system = 'salesforce'

),

desired as (

    select
        case
            when orders.is_primary then orders.order_number
            else orders.order_number || ':' || orders.record_key
        end as _entity_id,
        orders.record_key as _key,
        case
            when amounts.golden_id is null then 'agrees'
            else 'from ' || amounts.golden_system || ': amount'
        end as _reason,
        null as order_number,
        null as account_source_id,
        null as order_status,
        null as customer_reference,
        amounts.golden_value::numeric as wholesale_amount,
        null as currency_code,
        null::date as effective_date
    from int_wholesale__crm_orders as orders
    left join int_wholesale__breaks as amounts
        on
            orders.order_number = amounts.golden_id
            and orders.record_key = amounts.record_key

    union all

    select
        order_number as _entity_id,
        null as _key,
        'order of the wholesale department, unknown here' as _reason,
        order_number,
        coalesce(
            customer_record_key, '@accounts/' || new_customer_id
        ) as account_source_id,
        'Draft' as order_status,
        customer_reference,
        total_amount as wholesale_amount,
        currency_code,
        order_date as effective_date
    from int_wholesale__to_create

)

select * from desired
