{# One row per customer record of any system, with its country. A country that
   cannot be read is null. It is built in each stage, because a business's own models
   below it are. #}
{{ config(tags=['prepare', 'marts', 'measure'], materialized='view') }}

with countries as (

    select * from {{ ref('countries') }}

),

country_spellings as (

    select * from {{ ref('country_spellings') }}

),

unioned as (

    {{ all_records('customers') }}

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
