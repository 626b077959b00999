{# One row per payout of any system that takes payments. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('payouts') }}
