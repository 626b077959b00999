with int_agreement__patterns as (

    select * from {{ ref('int_agreement__patterns') }}

),

patterns as (

    select
        entity,
        pattern,
        count(*) as records
    from int_agreement__patterns
    group by entity, pattern

),

parts as (

    select
        patterns.entity,
        patterns.records,
        split_part(listed.part, ':', 1) as field,
        string_to_array(split_part(listed.part, ':', 2), ',') as systems,
        string_to_array(split_part(listed.part, ':', 3), ',') as differing
    from patterns
    cross join lateral string_to_table(patterns.pattern, ';') as listed (part)

),

pairs as (

    select
        parts.entity,
        parts.field,
        one.system as left_system,
        other.system as right_system,
        parts.records,
        one.system || '-' || other.system <> all(parts.differing) as is_agreed
    from parts
    cross join lateral unnest(parts.systems) as one (system)
    inner join lateral unnest(parts.systems) as other (system)
        on one.system < other.system

)

select
    entity,
    field,
    left_system,
    right_system,
    sum(records)::bigint as compared,
    coalesce(sum(records) filter (where is_agreed), 0)::bigint as agreed
from pairs
group by entity, field, left_system, right_system
