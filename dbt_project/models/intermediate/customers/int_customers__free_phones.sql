{# One row per system and phone number that exactly one of its customers has or is about
   to get. Some vendors refuse a number that another customer has. #}
{{ config(tags=['marts']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where phone is not null

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where phone <> ''

),

uses as (

    select
        system,
        phone
    from int_customers__identified

    union all

    select
        system,
        phone
    from int_customers__corrections

),

free as (

    select
        system,
        phone
    from uses
    group by system, phone
    having count(*) = 1

)

select * from free
