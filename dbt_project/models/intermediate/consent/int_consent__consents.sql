{# One row per record of which a system knows whether marketing may write to it. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('marketing_consents') }}
