{# One row per payout whose transactions are known, with their sum. Amounts in several
   currencies have none. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_stripe__balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}
    where payout_source_id is not null and transaction_type <> 'payout'

),

summed as (

    select
        payout_source_id,
        count(*) as transaction_quantity,
        min(currency_code) as currency_code,
        bool_or(net_amount is null) as is_unreadable,
        case
            when
                bool_and(net_amount is not null)
                and {{ is_one_currency('currency_code') }}
                then sum(net_amount)
        end as net_amount
    from stg_stripe__balance_transactions
    group by payout_source_id

)

select * from summed
