{# One row per system and phone number that one of its customers has, or is to have, and
   no other: some vendors refuse a number that somebody else has already. #}
{{ config(tags=['marts']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where phone is not null

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where phone is not null

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
