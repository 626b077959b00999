{# One row per parcel that a shop knows. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('shop_parcels') }}
