{# One row per carrier and name that shops give it. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('carriers') }}
