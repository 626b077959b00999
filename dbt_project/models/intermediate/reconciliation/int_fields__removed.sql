{# One row per field of a record that decided the field when the systems were last
   reconciled, and that has no value there any more; `comparison` is that of the value
   that was removed. It stays until the record has a value again or is gone. The last
   decisions are read from the table that int_fields__remembered is about to replace.
   Where a build works on little, their keys are handed to the index as a list: for a
   join PostgreSQL expects one row, and would compare each decision with each field. #}
{{ config(tags=['marts', 'measure']) }}

{% set decided = adapter.get_relation(
    this.database, this.schema, 'int_fields__remembered'
) if execute else none %}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}

),

records as (

    select
        'customer' as entity,
        golden_id,
        system,
        record_key
    from {{ ref('int_customers__identified') }}
    where is_primary and not is_incomplete

    union all

    select
        'product' as entity,
        golden_id,
        system,
        record_key
    from {{ ref('int_products__identified') }}
    where is_primary

    union all

    select
        'inventory_level' as entity,
        golden_id,
        system,
        record_key
    from {{ ref('int_products__stocked') }}
    where is_primary

    union all

    select
        'order' as entity,
        order_name as golden_id,
        system,
        record_key
    from {{ ref('int_orders__identified') }}
    where is_primary

),

remembered as (

    {% if decided %}
        select
            entity,
            field,
            system,
            record_key,
            comparison,
            changed_at
        from {{ decided }}
        {% if is_narrow() %}
            where record_key = any(array(select record_key from records))
        {% endif %}
    {% else %}
        select
            entity,
            field,
            system,
            record_key,
            comparison,
            changed_at
        from int_fields__unioned
        where false
    {% endif %}

),

removed as (

    select
        remembered.entity,
        records.golden_id,
        remembered.system,
        remembered.record_key,
        remembered.field,
        remembered.comparison,
        remembered.changed_at
    from remembered
    inner join records
        on
            remembered.entity = records.entity
            and remembered.system = records.system
            and remembered.record_key = records.record_key
    left join int_fields__unioned as held
        on
            remembered.entity = held.entity
            and remembered.system = held.system
            and remembered.record_key = held.record_key
            and remembered.field = held.field
    where held.field is null

)

select * from removed
