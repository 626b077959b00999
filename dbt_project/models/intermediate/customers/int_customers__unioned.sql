{# One row per customer record of any system, as a table, because many models read
   it. #}
{{ config(tags=['prepare'], meta={'looks_up': true}) }}

select * from {{ ref('int_customers__keyed') }}
