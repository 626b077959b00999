{# One row per refund of an order of any shop. #}
{{ config(tags=['prepare'], materialized='view') }}

{{ all_records('shop_refunds') }}
