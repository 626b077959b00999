{# One row per line of a live sales order. The ledger's quantities are negative
   on sales; here they are what the customer gets. #}
with sales_order_lines as (

    select * from {{ source('netsuite', 'netsuite__sales_order_lines') }}

),

live as (

    select * from sales_order_lines
    where not _is_deleted

),

cleaned as (

    select
        _key as sales_order_line_source_id,
        sales_order_source_id,
        item_source_id,
        line_number,
        -ledger_quantity as quantity,
        unit_price,
        updated_at as changed_at
    from live
    where item_source_id is not null

)

select * from cleaned
