{# One row per order that the ERP lacks and can be given: its customer, address and
   products are there or are created with it. #}
{{ config(tags=['marts']) }}

with int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}
    where system = 'tryton' and not is_present and hold_reason is null

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}
    where system = 'shopify' and is_primary

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'tryton'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'tryton' and is_primary and not is_incomplete

),

customers as (

    select * from {{ ref('customers') }}

),

joined as (

    select
        expected.order_name,
        expected.customer_golden_id,
        coalesce(parties.record_key, '@parties/' || new_parties.customer_id)
        as party_source_id,
        coalesce(parties.address_source_id, '@addresses/' || customers.customer_id)
        as address_source_id,
        orders.currency_code,
        orders.order_date
    from int_orders__expected as expected
    inner join int_orders__identified as orders
        on expected.order_name = orders.order_name
    inner join customers on expected.customer_golden_id = customers.customer_id
    left join int_customers__identified as parties
        on expected.customer_golden_id = parties.golden_id
    left join int_customers__to_create as new_parties
        on expected.customer_golden_id = new_parties.customer_id
    where
        coalesce(parties.record_key, new_parties.customer_id) is not null
        and (parties.address_source_id is not null or customers.street is not null)

)

select * from joined
