{# One row per transaction of which a payout may consist. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('payout_transactions') }}
