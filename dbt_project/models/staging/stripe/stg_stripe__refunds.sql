{# One row per live refund. #}
with live as (

    select * from {{ source('stripe', 'stripe__refunds') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as refund_source_id,
        charge_source_id,
        payment_intent_source_id,
        balance_transaction_source_id,
        shop_refund_source_id,
        {{ trimmed('order_name') }} as order_name,
        refund_status,
        refund_reason,
        upper({{ trimmed('currency_code') }}) as currency_code,
        {{ major_units('minor_amount', 'currency_code') }} as refunded_amount,
        created_at as refunded_at,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
