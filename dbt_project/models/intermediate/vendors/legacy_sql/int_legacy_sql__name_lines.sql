{# One row per customer of the old shop whose name should change, with its two lines of
   at most thirty capitals. The name of a company is split between words; a person has
   the surname in the first line. #}
{{ config(tags=['marts']) }}

with int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where
        system = 'legacy_sql'
        and entity = 'customer'
        and field in ('company_name', 'customer_name')

),

customers as (

    select * from {{ ref('customers') }}

),

capitals as (

    select
        disagreements.golden_id,
        disagreements.record_key,
        disagreements.golden_system,
        disagreements.field,
        disagreements.field = 'company_name' as is_company,
        case
            when disagreements.field = 'company_name'
                then upper(disagreements.golden_value)
            else upper(customers.last_name)
        end as first_part,
        upper(customers.first_name) as first_name
    from int_fields__disagreements as disagreements
    inner join customers on disagreements.golden_id = customers.customer_id

),

broken as (

    select
        *,
        case
            when length(first_part) <= 30 then first_part
            else coalesce(
                substring(first_part from '^(.{1,30}) '), left(first_part, 30)
            )
        end as name_line_1
    from capitals
    where first_part is not null

),

lined as (

    select
        golden_id,
        record_key,
        golden_system,
        field,
        name_line_1,
        left(
            case
                when is_company
                    then btrim(substr(first_part, length(name_line_1) + 1))
                else coalesce(first_name, '')
            end, 30
        ) as name_line_2
    from broken

)

select * from lined
