{# One row per entity, field and system in use that has no such field, in any of the
   columns that could fill it: its value is not missing there. #}
{{ config(tags=['prepare']) }}

with given as (

    {{ given_columns({
        'customer': 'customers', 'product': 'products', 'order': 'orders'
    }) }}

),

fields as (

    {{ list_compared_facts() }}

),

silent as (

    select distinct
        'order' as entity,
        'delivery_status' as field,
        system
    from given
    where
        entity = 'order'
        and not {{ is_one_of('system', var('entities').get('delivery_reports', [])) }}

),

custom_fields as (

    {{ list_custom_fields() }}

),

without_custom as (

    select
        custom_fields.entity,
        custom_fields.field,
        given.system
    from custom_fields
    inner join given on custom_fields.entity = given.entity
    group by custom_fields.entity, custom_fields.field, given.system
    having not bool_or(custom_fields.system = given.system)

),

unheld as (

    select
        fields.entity,
        fields.field,
        given.system
    from fields
    inner join given on fields.entity = given.entity
    where not fields.columns && given.given

    union all

    select
        entity,
        field,
        system
    from silent

    union all

    select
        entity,
        field,
        system
    from without_custom

)

select * from unheld
