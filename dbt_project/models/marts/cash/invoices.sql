with int_cash__invoices as (

    select * from {{ ref('int_cash__invoices') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

joined as (

    select
        invoices.system,
        invoices.record_key as invoice_source_id,
        invoices.document_number,
        invoices.order_name as order_id,
        customers.golden_id as customer_id,
        invoices.currency_code,
        invoices.total_amount,
        invoices.unpaid_amount,
        invoices.is_paid,
        invoices.is_void,
        not invoices.is_void
        and invoices.unpaid_amount > 0
        and coalesce(invoices.due_date < {{ run_time() }}::date, false) as is_overdue,
        invoices.invoice_date,
        invoices.due_date,
        invoices.changed_at
    from int_cash__invoices as invoices
    left join int_customers__identified as customers
        on
            invoices.system = customers.system
            and invoices.customer_record_key = customers.record_key

)

select * from joined
