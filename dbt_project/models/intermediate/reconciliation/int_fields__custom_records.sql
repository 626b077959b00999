{# One row per golden record, system and resource with custom fields: the primary record
   that the system has of it, and the key of that resource, null where it has none. #}
{{ config(tags=['marts', 'measure']) }}

{% set identified = {
    'customer': {
        'model': 'int_customers__identified', 'golden_id': 'golden_id',
        'where': 'is_primary and not is_incomplete'
    },
    'product': {
        'model': 'int_products__identified', 'golden_id': 'golden_id',
        'where': 'is_primary'
    },
    'order': {
        'model': 'int_orders__identified', 'golden_id': 'order_name',
        'where': 'is_primary'
    }
} %}

with records as (

    select
        null::text as entity,
        null::text as golden_id,
        null::text as system,
        null::text as resource,
        null::text as record_key,
        null::text as resource_key
    where false
    {%- for item in custom_resources() %}

    union all

    select
        '{{ item.entity }}' as entity,
        {{ identified[item.entity].golden_id }} as golden_id,
        system,
        '{{ item.resource }}' as resource,
        record_key,
        {{ item.column_of_key }} as resource_key
    from {{ ref(identified[item.entity].model) }}
    where system = '{{ item.system }}' and {{ identified[item.entity].where }}
    {%- endfor %}

)

select * from records
