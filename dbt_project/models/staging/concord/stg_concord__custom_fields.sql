{# One row per record and custom field that has a value: facts of an entity that only
   this business knows. `comparison` is the value as it is compared, `amount` that of a
   number, by which a tolerance is measured. #}
with custom_fields as (

    select
        null::text as system,
        null::text as resource,
        null::text as resource_key,
        null::text as entity,
        null::text as field,
        null::text as value,
        null::numeric as amount,
        null::timestamptz as _modified_at
    where false
    {%- for item in custom_fields() %}

    union all

    select
        '{{ item.system }}' as system,
        '{{ item.resource }}' as resource,
        _key as resource_key,
        '{{ item.entity }}' as entity,
        '{{ item.field }}' as field,
        {{ custom_value(adapter.quote(item.field), item.kind) }} as value,
        {{ adapter.quote(item.field) if item.kind in ('numeric', 'bigint') else 'null' }}::numeric
        as amount,
        _modified_at
    from scope.{{ adapter.quote(item.system ~ '__' ~ item.resource) }}
    where not _is_deleted
    {%- endfor %}

),

filled as (

    select
        system,
        resource,
        resource_key,
        entity,
        field,
        value,
        value as comparison,
        amount,
        _modified_at as changed_at
    from custom_fields
    where value is not null

)

select * from filled
