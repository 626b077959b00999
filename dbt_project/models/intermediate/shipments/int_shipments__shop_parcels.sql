{# One row per parcel that a shop knows. #}
{{ config(tags=['marts', 'measure']) }}

{{ all_records('shop_parcels') }}
