{# One row per order of the CRM that carries an order number of the wholesale
   department's host. Of several live orders with one number the oldest is the primary.
   #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_wholesale__crm_records as (

    select * from {{ ref('int_wholesale__crm_records') }}
    where order_number is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by order_number
            order by is_deleted, length(record_key), record_key
        ) = 1 as is_first
    from int_wholesale__crm_records

),

judged as (

    select
        *,
        is_first and not is_deleted as is_primary
    from ranked

)

select * from judged
