{# One row per refund of an order of any shop. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

{{ all_records('shop_refunds') }}
