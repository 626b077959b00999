{# One row per line of a live sales order. The ledger shows sold quantities as negative
   numbers; here they are positive. #}
with live as (

    select * from {{ source('netsuite', 'netsuite__sales_order_lines') }}
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
        {{ believed('updated_at') }} as changed_at
    from live
    where item_source_id is not null

)

select * from cleaned
