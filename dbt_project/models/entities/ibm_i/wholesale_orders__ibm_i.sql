{# One row per order; `refused_at` is when Concord told the host that it refuses it. #}
with orders as (

    select * from {{ ref('stg_ibm_i__orders') }}

),

refusals as (

    select * from {{ ref('stg_ibm_i__acknowledgements') }}
    where acknowledgement_status = 'RJ'

),

joined as (

    select
        orders.*,
        refusals.changed_at as refused_at
    from orders
    left join refusals on orders.order_number = refusals.order_number

)

{{ shaped_as(
    'wholesale_orders',
    'joined',
    kept=[
        'order_number', 'customer_number', 'customer_reference', 'currency_code',
        'total_amount', 'is_cancelled', 'order_date', 'refused_at', 'changed_at'
    ]
) }}
