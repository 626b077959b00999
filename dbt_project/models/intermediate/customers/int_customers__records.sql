{# One row per customer record of any system, with its country. All inputs have the same
   columns in the same order. A country that cannot be read is null. #}
{{ config(tags=['prepare', 'measure']) }}

with countries as (

    select * from {{ ref('countries') }}

),

country_spellings as (

    select * from {{ ref('country_spellings') }}

),

unioned as (

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

),

located as (

    select
        unioned.*,
        coalesce(country_spellings.country_code, countries.country_code) as country_code
    from unioned
    left join country_spellings
        on lower(btrim(unioned.country_as_written)) = country_spellings.spelling
    left join countries
        on upper(btrim(unioned.country_as_written)) = countries.country_code

)

select * from located
