{# One row per wholesale order that was acknowledged: the newest acknowledgement. #}
with live as (

    select * from {{ source('ibm_i', 'ibm_i__acknowledgements') }}
    where not _is_deleted

),

cleaned as (

    select
        _key as order_number,
        acknowledgement_status,
        {{ trimmed('crm_order_number') }} as crm_order_number,
        {{ trimmed('reason') }} as reason,
        run_number,
        {{ believed('run_at') }} as changed_at
    from live

)

select * from cleaned
