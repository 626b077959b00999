{# One row per golden customer and system whose primary record should say something
   else; null where it says the right thing. #}
{{ config(tags=['marts']) }}

with int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where entity = 'customer'

),

pivoted as (

    select
        golden_id,
        system,
        'from ' || string_agg(
            golden_system || ': ' || field, ', '
            order by golden_system, field
        ) as reason,
        max(golden_value) filter (where field = 'first_name') as first_name,
        max(golden_value) filter (where field = 'last_name') as last_name,
        max(golden_value) filter (where field = 'company_name') as company_name,
        max(golden_value) filter (where field = 'customer_name') as customer_name,
        max(golden_value) filter (where field = 'email') as email,
        max(golden_value) filter (where field = 'phone') as phone,
        max(golden_value) filter (where field = 'street') as street,
        max(golden_value) filter (where field = 'city') as city,
        max(golden_value) filter (where field = 'postal_code') as postal_code,
        max(golden_value) filter (where field = 'country_code') as country_code
    from int_fields__disagreements
    group by golden_id, system

)

select * from pivoted
