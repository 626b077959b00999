{# One row per entity and order (for payouts: system and payout) of which a record was
   quarantined. `system` is empty for an order, which has its name in all systems. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate'

),

named as (

    select
        entities.entity,
        case when entities.entity = 'payout' then letters.system else '' end as system,
        case
            when entities.entity = 'payout' then letters.payout_source_id
            else letters.order_name
        end as golden_id
    from stg_concord__dead_letters as letters
    inner join
        lateral (
            values
            ('payment', {{ holds('payment', 'letters') }}),
            ('refund', {{ holds('payment', 'letters') }}),
            ('refund', {{ holds('refund', 'letters') }}),
            ('payout', {{ holds('payout_transaction', 'letters') }}),
            ('invoice', {{ holds('invoice', 'letters') }})
        ) as entities (entity, is_concerned)
        on entities.is_concerned

),

grouped as (

    select
        entity,
        system,
        golden_id
    from named
    where golden_id is not null
    group by entity, system, golden_id

)

select * from grouped
