{# One row per transaction of which a payout may consist. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('payout_transactions') }}
