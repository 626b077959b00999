{# One row per delivery status that a system shows for parcels of an order. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('delivery_reports') }}
