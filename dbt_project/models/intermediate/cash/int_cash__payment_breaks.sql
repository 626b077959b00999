{# One row per order whose payment disagrees with it: no payment, more than one, another
   currency, a currency that cannot be read, another amount, or a refund that only the
   shop or only the provider has. What no provider has is missing in the first one. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}

),

int_cash__charged as (

    select * from {{ ref('int_cash__charged') }}

),

first_provider as (

    select system
    from {{ ref('int_cash__read_resources') }}
    where {{ holds('payment') }}
    order by {{ rank_of('system') }}
    limit 1

),

tolerances as (

    select * from {{ ref('tolerances') }}
    where entity = 'payment' and field = 'total_amount'

),

compared as (

    select
        orders.order_name,
        orders.currency_code,
        orders.total_amount,
        orders.refunded_amount,
        orders.is_settled,
        orders.system as shop,
        coalesce(charged.system, first_provider.system) as provider,
        charged.record_key,
        charged.charge_count,
        charged.currency_code as charged_currency,
        charged.currency_count,
        coalesce(charged.is_unreadable, false) as is_unreadable,
        charged.charged_amount,
        coalesce(charged.refunded_amount, 0) as returned_amount,
        tolerances.tolerated_amount
    from int_cash__orders as orders
    cross join first_provider
    cross join tolerances
    left join int_cash__charged as charged on orders.order_name = charged.order_name

),

judged as (

    select
        'payment' as entity,
        order_name as golden_id,
        case
            when record_key is null then 'exists'
            when
                is_unreadable or currency_count > 1 or charged_currency <> currency_code
                then 'currency_code'
            else 'total_amount'
        end as field,
        provider as system,
        record_key,
        shop as golden_system,
        case
            when record_key is null then null
            when is_unreadable or charged_currency <> currency_code
                then charged_currency
            else charged_amount::text
        end as system_value,
        total_amount::text as golden_value,
        case
            when record_key is null and not is_settled then 'timing'
            when record_key is null then 'missing_record'
            when is_unreadable then 'unreadable'
            when currency_count > 1 or charged_currency <> currency_code then 'currency'
            when charge_count > 1 and charged_amount > total_amount + tolerated_amount
                then 'duplicate'
            when abs(charged_amount - total_amount) > tolerated_amount then 'amount'
        end as cause
    from compared

    union all

    select
        'refund' as entity,
        order_name as golden_id,
        'refunded_amount' as field,
        provider as system,
        record_key,
        shop as golden_system,
        returned_amount::text as system_value,
        refunded_amount::text as golden_value,
        case
            when abs(returned_amount - refunded_amount) <= tolerated_amount then null
            when refunded_amount = 0 or returned_amount = 0 then 'missing_record'
            else 'amount'
        end as cause
    from compared
    where
        record_key is not null
        and currency_count = 1
        and charged_currency = currency_code
        and not is_unreadable

)

select * from judged
where cause is not null
