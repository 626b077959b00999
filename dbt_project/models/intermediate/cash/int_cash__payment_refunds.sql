{# One row per refund that a system paid back. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('payment_refunds') }}
