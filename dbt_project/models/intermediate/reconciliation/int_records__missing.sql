{# One row per record that a system should have and lacks. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__expected as (

    select * from {{ ref('int_customers__expected') }}
    where not is_present

),

int_orders__expected as (

    select * from {{ ref('int_orders__expected') }}
    where not is_present

),

found as (

    select
        'customer' as entity,
        golden_id,
        system,
        record_key,
        source_system as golden_system,
        source_record_key as golden_value,
        coalesce(hold_reason, 'missing_record') as cause
    from int_customers__expected

    union all

    select
        'order' as entity,
        order_name as golden_id,
        system,
        record_key,
        shop_system as golden_system,
        order_name as golden_value,
        coalesce(hold_reason, 'missing_record') as cause
    from int_orders__expected

)

select * from found
