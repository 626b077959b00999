{# One row per delivery status that a system shows for parcels of an order. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('delivery_reports') }}
