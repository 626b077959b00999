{# One row per entity and order (for payouts: payout) of which a record was quarantined.
   #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate'

),

named as (

    select
        entities.entity,
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
        golden_id
    from named
    where golden_id is not null
    group by entity, golden_id

)

select * from grouped
