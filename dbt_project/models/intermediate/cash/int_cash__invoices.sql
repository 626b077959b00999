{# One row per invoice of any system that keeps invoices. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('invoices') }}
