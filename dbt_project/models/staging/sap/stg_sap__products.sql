{# One row per product that is not marked for deletion, with its English description. #}
with live as (

    select * from {{ source('sap', 'sap__products') }}
    where not _is_deleted and not coalesce(is_marked_for_deletion, false)

),

cleaned as (

    select
        live._key as stored_source_id,
        {{ without_leading_zeros('live._key') }} as product_source_id,
        {{ normalised_sku(without_leading_zeros('live._key')) }} as sku,
        {{ trimmed("(description.item ->> 'ProductDescription')") }} as product_name,
        live.product_type,
        live.product_group,
        live.base_unit as unit_code,
        {{ believed('live.changed_at') }} as changed_at
    from live
    left join lateral (
        select listed.item
        from jsonb_array_elements(live.descriptions) as listed (item)
        order by
            (listed.item ->> 'Language') = 'EN' desc,
            listed.item ->> 'Language' asc
        limit 1
    ) as description on true

)

select * from cleaned
