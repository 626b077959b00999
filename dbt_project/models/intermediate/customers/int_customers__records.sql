{# One row per customer record of any system; all have the same columns in the same
   order. #}
{{ config(tags=['prepare', 'measure']) }}

with unioned as (

    select * from {{ ref('int_customers__shop_records') }}

    union all

    select * from {{ ref('int_customers__accounts_with_contacts') }}

    union all

    select * from {{ ref('int_customers__parties_with_parts') }}

    union all

    select * from {{ ref('int_customers__hubspot_records') }}

    union all

    select * from {{ ref('int_customers__netsuite_records') }}

    union all

    select * from {{ ref('int_customers__sap_records') }}

    union all

    select * from {{ ref('int_customers__stripe_records') }}

    union all

    select * from {{ ref('int_customers__klaviyo_records') }}

    union all

    select * from {{ ref('int_customers__legacy_sql_records') }}

)

select * from unioned
