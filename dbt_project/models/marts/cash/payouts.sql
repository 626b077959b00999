with int_cash__payouts as (

    select * from {{ ref('int_cash__payouts') }}

),

int_cash__paid_out as (

    select * from {{ ref('int_cash__paid_out') }}

),

joined as (

    select
        payouts.system,
        payouts.record_key as payout_source_id,
        payouts.bank_reference,
        payouts.payout_status,
        payouts.currency_code,
        payouts.payout_amount,
        paid_out.net_amount as expected_amount,
        payouts.payout_amount - paid_out.net_amount as difference_amount,
        coalesce(paid_out.transaction_quantity, 0) as transaction_quantity,
        payouts.is_automatic,
        payouts.arrival_date,
        payouts.changed_at
    from int_cash__payouts as payouts
    left join int_cash__paid_out as paid_out
        on
            payouts.system = paid_out.system
            and payouts.record_key = paid_out.payout_record_key

)

select * from joined
