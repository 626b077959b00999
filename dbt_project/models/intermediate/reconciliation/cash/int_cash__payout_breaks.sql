{# One row per payout whose transactions do not add up to what the bank received. #}
{{ config(tags=['marts', 'measure']) }}

with stg_stripe__payouts as (

    select * from {{ ref('stg_stripe__payouts') }}
    where is_automatic and payout_status = 'paid'

),

stg_stripe__balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}
    where payout_source_id is not null and transaction_type <> 'payout'

),

tolerances as (

    select * from {{ ref('tolerances') }}
    where entity = 'payout' and field = 'payout_amount'

),

summed as (

    select
        payout_source_id,
        sum(net_amount) as net_amount
    from stg_stripe__balance_transactions
    group by payout_source_id

),

judged as (

    select
        'payout' as entity,
        payouts.payout_source_id as golden_id,
        'payout_amount' as field,
        payouts.payout_source_id as record_key,
        payouts.payout_amount::text as system_value,
        summed.net_amount::text as golden_value,
        'amount' as cause
    from stg_stripe__payouts as payouts
    cross join tolerances
    inner join summed on payouts.payout_source_id = summed.payout_source_id
    where abs(payouts.payout_amount - summed.net_amount) > tolerances.tolerated_amount

)

select * from judged
