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

int_fields__compared as (

    select * from {{ ref('int_fields__compared') }}
    where compared_by & (compared_by - 1) <> 0

),

int_agreement__existing as (

    select * from {{ ref('int_agreement__existing') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}

),

contested as materialized (

    select
        held.entity,
        held.golden_id,
        held.field,
        held.system,
        held.comparison,
        held.amount
    from int_fields__unioned as held
    inner join int_fields__compared as compared
        on
            held.entity = compared.entity
            and held.golden_id = compared.golden_id
            and held.field = compared.field
    where not compared.is_agreed

),

differing as (

    select
        one.entity,
        one.golden_id,
        one.field,
        string_agg(
            one.system || '-' || other.system, ','
            order by one.system, other.system
        ) as pairs
    from contested as one
    inner join contested as other
        on
            one.entity = other.entity
            and one.golden_id = other.golden_id
            and one.field = other.field
            and one.system < other.system
    left join tolerances
        on one.entity = tolerances.entity and one.field = tolerances.field
    where
        one.comparison <> other.comparison
        and coalesce(
            abs(one.amount - other.amount) > tolerances.tolerated_amount, true
        )
    group by one.entity, one.golden_id, one.field

),

shared as (

    select
        compared.entity,
        compared.golden_id,
        compared.field || ':' || {{ listed_systems('compared.compared_by') }} || ':'
        || coalesce(differing.pairs, '') as part
    from int_fields__compared as compared
    left join differing
        on
            compared.entity = differing.entity
            and compared.golden_id = differing.golden_id
            and compared.field = differing.field

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
