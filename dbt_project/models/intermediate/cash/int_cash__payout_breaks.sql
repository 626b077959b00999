{# One row per payout whose transactions do not add up to what the bank received, or
   are in another currency, or in one that cannot be read. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__payouts as (

    select * from {{ ref('int_cash__payouts') }}
    where is_automatic and is_paid

),

int_cash__paid_out as (

    select * from {{ ref('int_cash__paid_out') }}

),

tolerances as (

    select * from {{ ref('tolerances') }}
    where entity = 'payout' and field = 'payout_amount'

),

judged as (

    select
        'payout' as entity,
        payouts.record_key as golden_id,
        'payout_amount' as field,
        payouts.system,
        payouts.record_key,
        payouts.system as golden_system,
        payouts.payout_amount::text as system_value,
        paid_out.net_amount::text as golden_value,
        case
            when payouts.payout_amount is null or paid_out.is_unreadable
                then 'unreadable'
            when
                paid_out.net_amount is null
                or paid_out.currency_code <> payouts.currency_code
                then 'currency'
            when
                abs(payouts.payout_amount - paid_out.net_amount)
                > tolerances.tolerated_amount
                then 'amount'
        end as cause
    from int_cash__payouts as payouts
    cross join tolerances
    inner join int_cash__paid_out as paid_out
        on
            payouts.system = paid_out.system
            and payouts.record_key = paid_out.payout_record_key
)

select * from judged
where cause is not null
