{# One row per parcel that a shop knows. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('shop_parcels') }}
