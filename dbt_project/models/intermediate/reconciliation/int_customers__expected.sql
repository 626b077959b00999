{# One row per customer of a shop and system that should have the customer; without a
   shop, of an ERP and CRM.
   `hold_reason` says why a missing customer is not created: it may exist there already,
   its record was quarantined, or somebody deleted it. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

int_customers__in_review as (

    select * from {{ ref('int_customers__in_review') }}

),

int_orders__identified as (

    select * from {{ ref('int_orders__identified') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'customer'

),

flows as (

    select * from {{ ref('int_systems__flows') }}
    where entity = 'customer'

),

int_systems__names as (

    select
        *,
        bool_or(name = 'shop') over () as is_shop_in_use
    from {{ ref('int_systems__names') }}
    where name in ('shop', 'erp')

),

sources as (

    select
        system,
        name,
        role_rank
    from int_systems__names
    where name = 'shop' or not is_shop_in_use

),

source_customers as (

    select distinct on (customers.golden_id)
        customers.golden_id,
        customers.system as source_system,
        customers.record_key as source_record_key,
        sources.name as source_role
    from int_customers__identified as customers
    inner join sources on customers.system = sources.system
    where customers.is_primary
    order by customers.golden_id, sources.role_rank

),

buyers as (

    select customer_golden_id as golden_id
    from int_orders__identified
    where is_original and not is_cancelled
    group by customer_golden_id

),

known as (

    select
        system,
        golden_id
    from stg_concord__identities
    group by system, golden_id

),

judged as (

    select
        source_customers.golden_id,
        flows.system,
        source_customers.source_system,
        source_customers.source_record_key,
        present.record_key,
        case
            when present.is_incomplete then 'quarantined'
            when present.record_key is not null then null
            when int_customers__in_review.golden_id is not null then 'in_review'
            when known.golden_id is not null then 'deleted'
        end as hold_reason,
        coalesce(not present.is_incomplete, false) as is_present
    from source_customers
    cross join flows
    left join buyers on source_customers.golden_id = buyers.golden_id
    left join int_customers__identified as present
        on
            source_customers.golden_id = present.golden_id
            and flows.system = present.system
            and present.is_primary
    left join int_customers__in_review
        on source_customers.golden_id = int_customers__in_review.golden_id
    left join known
        on
            source_customers.golden_id = known.golden_id
            and flows.system = known.system
    where
        (not flows.is_for_buyers_only or buyers.golden_id is not null)
        and (
            source_customers.source_role = 'shop'
            or not {{ plays('flows.system', 'erp') }}
        )

)

select * from judged
