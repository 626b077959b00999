{# One row per live charge. The places of currencies:
   https://docs.stripe.com/currencies #}
with live as (

    select * from {{ source('stripe', 'stripe__charges') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as charge_source_id,
        customer_source_id,
        payment_intent_source_id,
        balance_transaction_source_id,
        {{ trimmed('order_name') }} as order_name,
        charge_status,
        failure_code,
        upper({{ trimmed('currency_code') }}) as currency_code,
        {{ major_units('minor_amount', 'currency_code') }} as charged_amount,
        {{ major_units('minor_captured_amount', 'currency_code') }} as captured_amount,
        {{ major_units('minor_refunded_amount', 'currency_code') }} as refunded_amount,
        coalesce(is_paid, false) as is_paid,
        coalesce(is_captured, false) as is_captured,
        coalesce(is_refunded, false) as is_refunded,
        coalesce(is_disputed, false) as is_disputed,
        created_at as charged_at,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
