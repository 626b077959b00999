{# One row per customer record with its golden id. A record that Concord has just
   created carries its golden id before identification has seen it. `is_primary` marks
   the record that is written to. #}
{{ config(tags=['marts', 'measure'], meta={'looks_up': true}) }}

with int_customers__unioned as (

    select * from {{ ref('int_customers__unioned') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

golden_ids as (

    select golden_id
    from stg_concord__identities
    group by golden_id

),

identified as (

    select
        customers.*,
        coalesce(identities.golden_id, golden_ids.golden_id) as golden_id,
        coalesce(identities.match_rule, 'external_id') as match_rule,
        coalesce(identities.match_confidence, 1) as match_confidence
    from int_customers__unioned as customers
    left join stg_concord__identities as identities
        on
            customers.system = identities.system
            and customers.record_key = identities.record_key
    left join golden_ids
        on customers.external_id = golden_ids.golden_id
    where coalesce(identities.golden_id, golden_ids.golden_id) is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by golden_id, system
            order by
                is_incomplete asc,
                coalesce(external_id = golden_id, false) desc,
                length(record_key),
                record_key
        ) as record_rank
    from identified

),

judged as (

    select
        *,
        case
            when record_rank = 1 then golden_id
            else golden_id || ':' || record_key
        end as entity_id,
        record_rank = 1 as is_primary,
        coalesce(
            bool_or(customer_kind = 'company') filter (where record_rank = 1)
                over (partition by golden_id),
            false
        ) as is_company
    from ranked

)

select * from judged
