{# One row per golden record, system and field, for all entities. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with unioned as (

    select * from {{ ref('int_customers__fields') }}

    union all

    select * from {{ ref('int_products__fields') }}

    union all

    select * from {{ ref('int_orders__fields') }}

    union all

    select
        'order' as entity,
        order_name as golden_id,
        system,
        record_key,
        'delivery_status' as field,
        coalesce(delivery_status, untranslated_status) as value,
        delivery_status as comparison,
        null::numeric as amount,
        changed_at
    from {{ ref('int_orders__deliveries') }}

    union all

    select * from {{ ref('int_fields__custom') }}

)

select * from unioned
