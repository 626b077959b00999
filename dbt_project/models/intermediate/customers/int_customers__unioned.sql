{{ config(tags=['prepare', 'measure']) }}

with int_customers__records as (

    select * from {{ ref('int_customers__records') }}

),

countries as (

    select * from {{ ref('countries') }}

),

phones_read as (

    select
        int_customers__records.*,
        {{ normalised_phone(
            'int_customers__records.phone_as_written',
            'countries.calling_code',
            'countries.trunk_prefix'
        ) }} as phone
    from int_customers__records
    left join countries
        on int_customers__records.country_code = countries.country_code

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
        {{ normalised_code('postal_code') }} as postal_code_key
    from phones_read

)

select * from keyed
