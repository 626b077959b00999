{# One row per payout of any system that takes payments. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('payouts') }}
