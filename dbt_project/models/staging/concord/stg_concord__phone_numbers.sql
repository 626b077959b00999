{# One row per spelling of a phone number and country of the record that has it (empty
   where the country is not known). `phone` is in the E.164 format, and null if the
   spelling is not one valid number. #}
with phone_numbers as (

    select * from {{ source('ops', 'phone_numbers') }}

),

renamed as (

    select
        spelling,
        country_code,
        e164 as phone,
        extension as phone_extension,
        reason as unreadable_reason
    from phone_numbers

)

select * from renamed
