{# One row per order whose invoices do not add up to the order. An invoice that nobody
   has is missing in the first system that keeps invoices. #}
{{ config(tags=['marts', 'measure']) }}

with int_cash__orders as (

    select * from {{ ref('int_cash__orders') }}

),

int_cash__invoiced as (

    select * from {{ ref('int_cash__invoiced') }}

),

first_ledger as (

    select system
    from {{ ref('int_cash__read_resources') }}
    where {{ holds('invoice') }}
    order by {{ rank_of('system') }}
    limit 1

),

tolerances as (

    select * from {{ ref('tolerances') }}
    where entity = 'invoice' and field = 'total_amount'

),

judged as (

    select
        'invoice' as entity,
        orders.order_name as golden_id,
        case when invoiced.order_name is null then 'exists' else 'total_amount' end
        as field,
        coalesce(invoiced.system, first_ledger.system) as system,
        invoiced.record_key,
        orders.system as golden_system,
        invoiced.invoiced_amount::text as system_value,
        orders.total_amount::text as golden_value,
        case
            when invoiced.order_name is null and not orders.is_settled then 'timing'
            when invoiced.order_name is null then 'missing_record'
            when invoiced.is_unreadable then 'unreadable'
            when
                invoiced.currency_count > 1
                or invoiced.currency_code <> orders.currency_code
                then 'currency'
            when
                invoiced.invoice_count > 1
                and invoiced.invoiced_amount
                > orders.total_amount + tolerances.tolerated_amount
                then 'duplicate'
            when
                abs(invoiced.invoiced_amount - orders.total_amount)
                > tolerances.tolerated_amount
                then 'amount'
        end as cause
    from int_cash__orders as orders
    cross join first_ledger
    cross join tolerances
    left join int_cash__invoiced as invoiced on orders.order_name = invoiced.order_name

)

select * from judged
where cause is not null
