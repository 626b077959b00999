{# One row per order of the wholesale department's host that it has not cancelled,
   including orders that validation quarantined. A refused order is left out until the
   host sends it again. `is_settled`: the order was read long enough ago to have reached
   the CRM. #}
{{ config(tags=['marts', 'measure']) }}

with stg_ibm_i__orders as (

    select * from {{ ref('stg_ibm_i__orders') }}

),

stg_ibm_i__acknowledgements as (

    select * from {{ ref('stg_ibm_i__acknowledgements') }}
    where acknowledgement_status = 'RJ'

),

stg_concord__dead_letters as (

    select * from {{ ref('stg_concord__dead_letters') }}
    where stage = 'validate' and system = 'ibm_i' and resource = 'orders'

),

set_aside as (

    select
        letters.record_key as order_number,
        max(letters.first_seen_at) as changed_at,
        min(letters.message) as fault
    from stg_concord__dead_letters as letters
    left join stg_ibm_i__orders as orders on letters.record_key = orders.order_number
    where letters.record_key is not null and orders.order_number is null
    group by letters.record_key

),

told as (

    select
        orders.order_number,
        orders.customer_number,
        orders.customer_reference,
        null as fault,
        orders.currency_code,
        orders.total_amount,
        orders.order_date,
        orders.changed_at
    from stg_ibm_i__orders as orders
    left join stg_ibm_i__acknowledgements as refusals
        on
            orders.order_number = refusals.order_number
            and orders.changed_at <= refusals.changed_at
    where not orders.is_cancelled and refusals.order_number is null

    union all

    select
        order_number,
        null as customer_number,
        null as customer_reference,
        fault,
        null as currency_code,
        null as total_amount,
        null as order_date,
        changed_at
    from set_aside

)

select
    told.*,
    not {{ is_younger_than('told.changed_at', var('settling_hours') ~ ' hours') }}
    as is_settled
from told
