{# One row per record that two systems should both have, and per wholesale order with
   two amounts, written as a part of a pattern of int_agreement__patterns. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}

),

int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}

),

int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}

),

expected as (

    select
        'customer' as entity,
        golden_id,
        'exists' as field,
        source_system as one_system,
        system as other_system,
        is_present as is_agreed
    from int_customers__expected

    union all

    select
        'order' as entity,
        order_name as golden_id,
        'exists' as field,
        shop_system as one_system,
        system as other_system,
        is_present as is_agreed
    from int_orders__expected

    union all

    select
        'wholesale_order' as entity,
        order_number as golden_id,
        'exists' as field,
        system as one_system,
        golden_system as other_system,
        is_present as is_agreed
    from int_wholesale__expected

    union all

    select
        'wholesale_order' as entity,
        orders.order_number as golden_id,
        'total_amount' as field,
        orders.system as one_system,
        orders.golden_system as other_system,
        abs(orders.total_amount - orders.crm_amount)
        <= tolerances.tolerated_amount as is_agreed
    from int_wholesale__expected as orders
    inner join tolerances
        on
            tolerances.entity = 'wholesale_order'
            and tolerances.field = 'total_amount'
    where orders.crm_amount is not null and orders.is_present

)

select
    entity,
    golden_id,
    concat(
        field, ':',
        least(one_system, other_system), ',', greatest(one_system, other_system), ':',
        case
            when not coalesce(is_agreed, false)
                then
                    least(one_system, other_system) || '-'
                    || greatest(one_system, other_system)
        end
    ) as part
from expected
