{# One row per refund that a system paid back. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('payment_refunds') }}
