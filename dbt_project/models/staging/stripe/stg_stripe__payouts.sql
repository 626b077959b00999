{# One row per live payout. #}
with live as (

    select * from {{ source('stripe', 'stripe__payouts') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as payout_source_id,
        balance_transaction_source_id,
        {{ trimmed('bank_reference') }} as bank_reference,
        payout_status,
        reconciliation_status,
        failure_code,
        upper({{ trimmed('currency_code') }}) as currency_code,
        {{ major_units('minor_amount', 'currency_code') }} as payout_amount,
        coalesce(is_automatic, false) as is_automatic,
        arrival_date,
        created_at,
        {{ believed('changed_at') }} as changed_at
    from live

)

select * from cleaned
