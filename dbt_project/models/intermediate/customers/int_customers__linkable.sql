{# As int_customers__links, of the records that are worked on now. #}
{{ config(tags=['prepare', 'marts', 'measure'], materialized='view') }}

{{ customer_links(ref('int_customers__keyed')) }}
