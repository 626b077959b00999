{# One row per golden customer and system whose name should change, for systems that
   keep a name in parts: the first and last name of a person, the two parts of at most
   forty letters of a company. #}
{{ config(tags=['marts']) }}

with int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where coalesce(customer_name, company_name) is not null

),

customers as (

    select * from {{ ref('customers') }}

),

cut as (

    select
        golden_id,
        system,
        customer_name,
        company_name,
        {{ first_name_part('company_name') }} as company_name_1
    from int_customers__corrections

),

pieces as (

    select
        cut.golden_id,
        cut.system,
        case when cut.customer_name is not null then customers.first_name end
        as first_name,
        case when cut.customer_name is not null then customers.last_name end
        as last_name,
        cut.company_name_1,
        {{ second_name_part('cut.company_name', 'cut.company_name_1') }}
        as company_name_2
    from cut
    inner join customers on cut.golden_id = customers.customer_id

)

select * from pieces
