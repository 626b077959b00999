{# One row per order record that carries the name of an order. The id that an import
   gave identifies the order even if a person changed the reference. Where people
   may type any reference, a customer's own number is no name of an order: there a
   name counts if another system knows it. int_orders__identified leaves out test
   orders, and names that two shops have given. #}
{{
    config(
        tags=['marts', 'measure'],
        post_hook="insert into touched.orders (order_name) select distinct order_name from {{ this }}
        where (select is_narrow from ops.scope) on conflict do nothing"
    )
}}

with int_orders__records as (

    select * from {{ ref('int_orders__records') }}

),

int_orders__import_ids as (

    select * from {{ ref('int_orders__import_ids') }}

),

named as (

    select
        records.system,
        records.record_key,
        records.customer_record_key,
        records.customer_group_key,
        records.customer_number,
        coalesce(imported.order_name, records.order_name) as order_name,
        records.has_free_reference,
        records.source_status,
        records.currency_code,
        records.total_amount,
        records.is_cancelled,
        records.is_test,
        records.is_done,
        records.order_date,
        records.ordered_at,
        records.changed_at
    from int_orders__records as records
    left join int_orders__import_ids as imported
        on records.import_id = imported.import_id

),

counted as (

    select
        *,
        bool_or(not has_free_reference) over by_name as is_named_by_system,
        min(system) over by_name <> max(system) over by_name as is_known_to_others,
        coalesce(
            min(system) filter (where {{ plays('system', 'shop') }}) over by_name
            <> max(system) filter (where {{ plays('system', 'shop') }}) over by_name,
            false
        ) as is_ambiguous
    from named
    where order_name is not null
    window by_name as (partition by order_name)

)

select * from counted
where is_named_by_system or is_known_to_others
