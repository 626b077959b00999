{# One row per invoice of any system that keeps invoices. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('invoices') }}
