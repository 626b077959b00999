{# One row per order of a shop, with the id that an import into a ledger gives it:
   the letters, digits, _ and - of its name behind a prefix. Order names that would
   share an id are left out. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_orders__records as (

    select * from {{ ref('int_orders__records') }}
    where {{ plays('system', 'shop') }} and order_name is not null

),

derived as (

    select
        order_name,
        '{{ var("ledger_order_prefix") }}'
        || regexp_replace(order_name, '[^A-Za-z0-9_-]', '', 'g') as import_id
    from int_orders__records
    group by order_name

),

counted as (

    select
        *,
        count(*) over (partition by import_id) as name_count
    from derived

),

told_apart as (

    select
        order_name,
        import_id
    from counted
    where name_count = 1

)

select * from told_apart
