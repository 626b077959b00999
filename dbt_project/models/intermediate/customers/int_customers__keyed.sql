{# One row per customer record of any system, with the normalised values by which
   records are compared. A value that cannot be read is null here; how it is written
   stays in its column `..._as_written`. #}
{{ config(tags=['prepare', 'marts', 'measure'], materialized='view') }}

with int_customers__records as (

    select * from {{ ref('int_customers__records') }}

),

stg_concord__phone_numbers as (

    select * from {{ ref('stg_concord__phone_numbers') }}

),

phones_read as (

    select
        records.*,
        {{ read_email('records.email_as_written') }} as email,
        phone_numbers.phone,
        phone_numbers.phone_extension
    from int_customers__records as records
    left join stg_concord__phone_numbers as phone_numbers
        on
            records.phone_as_written = phone_numbers.spelling
            and coalesce(records.country_code, '') = phone_numbers.country_code

),

keyed as (

    select
        *,
        {{ normalised_name('record_name') }} as name_key,
        coalesce(
            {{ normalised_name("concat_ws(' ', first_name, last_name)") }},
            {{ normalised_name('record_name') }}
        ) as person_key,
        {{ normalised_name('street') }} as street_key,
        {{ normalised_code('postal_code') }} as postal_code_key,
        {{ normalised_code('account_number') }} as account_key
    from phones_read

)

select * from keyed
