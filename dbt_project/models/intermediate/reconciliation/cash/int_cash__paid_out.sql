{# One row per payout that says of which transactions it is made. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_stripe__balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}
    where payout_source_id is not null and transaction_type <> 'payout'

),

summed as (

    select
        payout_source_id,
        count(*) as transaction_quantity,
        sum(net_amount) as net_amount
    from stg_stripe__balance_transactions
    group by payout_source_id

)

select * from summed
