{# One row per payout whose transactions are known, with their sum. Amounts in several
   currencies have none. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_cash__payout_transactions as (

    select * from {{ ref('int_cash__payout_transactions') }}
    where payout_record_key is not null and not is_payout

),

summed as (

    select
        system,
        payout_record_key,
        count(*) as transaction_quantity,
        min(currency_code) as currency_code,
        bool_or(net_amount is null) as is_unreadable,
        case
            when
                bool_and(net_amount is not null)
                and {{ is_one_currency('currency_code') }}
                then sum(net_amount)
        end as net_amount
    from int_cash__payout_transactions
    group by system, payout_record_key

)

select * from summed
