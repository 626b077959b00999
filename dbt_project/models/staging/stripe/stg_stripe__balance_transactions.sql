{# One row per live balance transaction. #}
with live as (

    select * from {{ source('stripe', 'stripe__balance_transactions') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as balance_transaction_source_id,
        origin_source_id,
        payout_source_id,
        transaction_type,
        reporting_category,
        transaction_status,
        upper({{ trimmed('currency_code') }}) as currency_code,
        exchange_rate,
        {{ major_units('minor_amount', 'currency_code') }} as transaction_amount,
        {{ major_units('minor_fee_amount', 'currency_code') }} as fee_amount,
        {{ major_units('minor_net_amount', 'currency_code') }} as net_amount,
        available_at,
        created_at,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
