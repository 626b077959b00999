{# One row per order name for which a customer was charged. Several charges are one
   payment in parts if they do not exceed the order; int_cash__payment_breaks, which
   knows the order, judges that. Amounts in several currencies have no sum. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__payments as (

    select * from {{ ref('int_cash__payments') }}
    where is_received and order_name is not null

),

summed as (

    select
        order_name,
        count(*) as charge_count,
        {{ first_by('system', rank_of('system') ~ ', record_key') }} as system,
        {{ first_by('record_key', rank_of('system') ~ ', record_key') }} as record_key,
        min(currency_code) as currency_code,
        count(distinct currency_code) as currency_count,
        bool_or({{ read_currency('currency_code') }} is null) as is_unreadable,
        case when {{ is_one_currency('currency_code') }} then sum(captured_amount) end
        as charged_amount,
        case when {{ is_one_currency('currency_code') }} then sum(refunded_amount) end
        as refunded_amount
    from int_cash__payments
    group by order_name

)

select * from summed
