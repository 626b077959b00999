{# One row: the CRM that keeps the orders of the wholesale department, and the host that
   these come from. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

select
    {{ first_with('crm', 'crm_wholesale_orders') }} as crm,
    {{ first_with('wholesale_host', 'wholesale_orders') }} as host
