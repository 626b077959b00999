{# One row per golden customer and system that lacks the customer and may receive it. #}
{{ config(tags=['marts']) }}

with int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}
    where not is_present and hold_reason is null

),

customers as (

    select * from {{ ref('customers') }}

),

joined as (

    select
        expected.system,
        customers.*
    from int_customers__expected as expected
    inner join customers on expected.golden_id = customers.customer_id
    where customers.customer_name is not null

)

select * from joined
