{# One row per golden record, with what of it two systems share: for each field the
   systems that hold it, and the pairs of them that disagree. Many records have the same
   pattern, so that it is counted without comparing again. A pattern's parts are written
   as `field:system,system:left-right`. #}
{{
    config(
        tags=['marts', 'measure'],
        meta={'touched': [{'entity': 'entity', 'id': 'golden_id'}]}
    )
}}

with int_fields__unioned as (

    select * from {{ ref('int_fields__unioned') }}
    where comparison is not null

),

int_agreement__existing as (

    select * from {{ ref('int_agreement__existing') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}

),

grouped as (

    select
        entity,
        golden_id,
        field,
        array_agg(
            system
            order by system
        ) as systems,
        array_agg(
            comparison
            order by system
        ) as comparisons,
        array_agg(
            amount
            order by system
        ) as amounts,
        min(comparison) = max(comparison) as is_agreed
    from int_fields__unioned
    group by entity, golden_id, field
    having count(*) > 1

),

shared as (

    select
        grouped.entity,
        grouped.golden_id,
        grouped.field || ':' || array_to_string(grouped.systems, ',') || ':'
        || coalesce(differing.pairs, '') as part
    from grouped
    left join tolerances
        on grouped.entity = tolerances.entity and grouped.field = tolerances.field
    left join lateral (
        select
            string_agg(
                one.system || '-' || other.system, ','
                order by one.place, other.place
            ) as pairs
        from
            unnest(grouped.systems, grouped.comparisons, grouped.amounts)
            with ordinality as one (system, comparison, amount, place)
        inner join
            unnest(grouped.systems, grouped.comparisons, grouped.amounts)
            with ordinality as other (system, comparison, amount, place)
            on one.place < other.place
        where
            one.comparison <> other.comparison
            and coalesce(
                abs(one.amount - other.amount) > tolerances.tolerated_amount, true
            )
    ) as differing on not grouped.is_agreed

),

parts as (

    select * from shared

    union all

    select * from int_agreement__existing

)

select
    entity,
    golden_id,
    string_agg(
        part, ';'
        order by part
    ) as pattern
from parts
group by entity, golden_id
