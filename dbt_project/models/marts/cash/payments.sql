{# The fee and the payout of a payment come from its transaction. #}
with int_cash__payments as (

    select * from {{ ref('int_cash__payments') }}

),

int_cash__payout_transactions as (

    select * from {{ ref('int_cash__payout_transactions') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

joined as (

    select
        payments.system,
        payments.record_key as charge_source_id,
        payments.order_name as order_id,
        customers.golden_id as customer_id,
        transactions.payout_record_key as payout_source_id,
        payments.payment_status,
        payments.currency_code,
        transactions.currency_code as settled_currency_code,
        payments.charged_amount,
        payments.captured_amount,
        payments.refunded_amount,
        payments.captured_amount - payments.refunded_amount as kept_amount,
        transactions.fee_amount,
        transactions.net_amount,
        payments.is_paid,
        payments.is_disputed,
        payments.charged_at,
        payments.changed_at
    from int_cash__payments as payments
    left join int_cash__payout_transactions as transactions
        on
            payments.system = transactions.system
            and payments.transaction_record_key = transactions.record_key
    left join int_customers__identified as customers
        on
            payments.system = customers.system
            and payments.customer_record_key = customers.record_key

)

select * from joined
