{# One row per carrier and name that shops give it. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('carriers') }}
