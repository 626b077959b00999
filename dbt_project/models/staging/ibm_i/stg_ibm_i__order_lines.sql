{# One row per line of a wholesale order. #}
with live as (

    select * from {{ source('ibm_i', 'ibm_i__orders') }}
    where not _is_deleted

),

unnested as (

    select
        live._key,
        upper({{ trimmed('live.currency_code') }}) as currency_code,
        listed.line
    from live
    cross join lateral jsonb_array_elements(live.lines) as listed (line)

),

cleaned as (

    select
        _key as order_number,
        (line ->> 'LINNO')::integer as line_number,
        {{ normalised_sku("(line ->> 'ITEMNO')") }} as sku,
        (line ->> 'QTY')::numeric as quantity,
        (line ->> 'UNTPRC')::numeric as unit_price,
        (line ->> 'LINAMT')::numeric as line_amount,
        currency_code
    from unnested

)

select * from cleaned
