{# One row per parcel that a carrier knows: found by its tracking number (`is_tracked`),
   or by the name of an order. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('carrier_parcels') }}
