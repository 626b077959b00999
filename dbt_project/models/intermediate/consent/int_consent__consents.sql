{# One row per record of which a system knows whether marketing may write to it. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('marketing_consents') }}
