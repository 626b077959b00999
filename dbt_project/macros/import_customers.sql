{# The two imports with which a desired model of customers begins: the system's customer
   records with their golden ids, and the corrections of its golden customers. `where`
   narrows the records. #}
{% macro import_customers(system, where=none) -%}
int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = '{{ system }}'{{ ' and ' ~ where if where }}

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where system = '{{ system }}'

)
{%- endmacro %}
