{# One row per payment of any system that takes payments. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('payments') }}
