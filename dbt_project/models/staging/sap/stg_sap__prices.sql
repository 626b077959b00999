{# One row per period in which a condition record is valid for a product. `is_for_all`:
   it counts for every customer, and has been released. #}
with live as (

    select * from {{ source('sap', 'sap__prices') }}
    where not _is_deleted and not coalesce(is_marked_for_deletion, false)

),

cleaned as (

    select
        _key as price_source_id,
        {{ without_leading_zeros('product_source_id') }} as product_source_id,
        upper({{ trimmed('currency_code') }}) as currency_code,
        {{ trimmed('per_unit') }} as unit_code,
        rate_amount / nullif(coalesce(per_quantity, 1), 0) as unit_price,
        nullif(customer_source_id, '') is null
        and nullif(price_group_code, '') is null
        and nullif(price_list_code, '') is null
        and nullif(release_status, '') is null as is_for_all,
        valid_from_date,
        valid_to_date,
        _modified_at as changed_at
    from live
    where product_source_id is not null

)

select * from cleaned
