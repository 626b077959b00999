{# The fee and the payout of a charge come from the provider's balance transactions. #}
with stg_stripe__charges as (

    select * from {{ ref('stg_stripe__charges') }}

),

stg_stripe__balance_transactions as (

    select * from {{ ref('stg_stripe__balance_transactions') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'stripe'

),

joined as (

    select
        charges.charge_source_id,
        charges.order_name as order_id,
        customers.golden_id as customer_id,
        transactions.payout_source_id,
        charges.charge_status as payment_status,
        charges.currency_code,
        transactions.currency_code as settled_currency_code,
        charges.charged_amount,
        charges.captured_amount,
        charges.refunded_amount,
        charges.captured_amount - charges.refunded_amount as kept_amount,
        transactions.fee_amount,
        transactions.net_amount,
        charges.is_paid,
        charges.is_disputed,
        charges.charged_at,
        charges.changed_at
    from stg_stripe__charges as charges
    left join stg_stripe__balance_transactions as transactions
        on
            charges.balance_transaction_source_id
            = transactions.balance_transaction_source_id
    left join int_customers__identified as customers
        on charges.customer_source_id = customers.record_key

)

select * from joined
