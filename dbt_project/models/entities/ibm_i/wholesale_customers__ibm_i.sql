{# One row per company. #}
{{ shaped_as(
    'wholesale_customers',
    ref('stg_ibm_i__customers'),
    kept=['customer_number']
) }}
