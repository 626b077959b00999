{# One row per order name that was invoiced. Void invoices do not count.
   Amounts in several currencies have no sum. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__invoices as (

    select * from {{ ref('int_cash__invoices') }}
    where not is_void and order_name is not null

),

summed as (

    select
        order_name,
        count(*) as invoice_count,
        {{ first_by('system', rank_of('system') ~ ', record_key') }} as system,
        {{ first_by('record_key', rank_of('system') ~ ', record_key') }} as record_key,
        min(currency_code) as currency_code,
        count(distinct currency_code) as currency_count,
        bool_or({{ read_currency('currency_code') }} is null) as is_unreadable,
        case when {{ is_one_currency('currency_code') }} then sum(total_amount) end
        as invoiced_amount
    from int_cash__invoices
    group by order_name

)

select * from summed
