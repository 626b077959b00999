{# One row per record of SAP, the ledger or HubSpot that is an order of the shop. Other
   people create records there too and may enter a customer's own number instead of the
   shop's order name. A record counts if the shop, the CRM or the ERP knows its order
   name. #}
{{ config(tags=['marts', 'measure']) }}

with unioned as (

    select * from {{ ref('int_orders__sap_records') }}

    union all

    select * from {{ ref('int_orders__netsuite_records') }}

    union all

    select * from {{ ref('int_orders__hubspot_records') }}

),

named as (

    select order_name from {{ ref('stg_shopify__orders') }}

    union all

    select order_name from {{ ref('stg_salesforce__orders') }}

    union all

    select order_name from {{ ref('stg_tryton__sales') }}

),

known as (

    select unioned.*
    from unioned
    where exists (
        select 1 from named
        where named.order_name = unioned.order_name
    )

)

select * from known
