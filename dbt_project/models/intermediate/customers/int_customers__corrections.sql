{# One row per golden customer and system whose primary record should change, with the
   new values; null where the record has the right value, an empty text where the value
   was removed at its owner and the removal travels. #}
{{ config(tags=['marts']) }}

with int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}
    where
        entity = 'customer'
        and not {{ is_one_of('field', custom_fields_of('customer')) }}

),

int_fields__travelling as (

    select * from {{ ref('int_fields__travelling') }}
    where
        entity = 'customer'
        and not {{ is_one_of('field', custom_fields_of('customer')) }}

),

wanted as (

    select
        golden_id,
        system,
        field,
        golden_value as value,
        golden_system || ': ' || field as reason
    from int_fields__disagreements

    union all

    select
        golden_id,
        system,
        field,
        '' as value,
        golden_system || ': ' || field || ' (removed)' as reason
    from int_fields__travelling

),

pivoted as (

    select
        golden_id,
        system,
        'from ' || string_agg(
            reason, ', '
            order by reason
        ) as reason,
        max(value) filter (where field = 'first_name') as first_name,
        max(value) filter (where field = 'last_name') as last_name,
        max(value) filter (where field = 'company_name') as company_name,
        max(value) filter (where field = 'customer_name') as customer_name,
        max(value) filter (where field = 'email') as email,
        max(value) filter (where field = 'phone') as phone,
        max(value) filter (where field = 'street') as street,
        max(value) filter (where field = 'city') as city,
        max(value) filter (where field = 'postal_code') as postal_code,
        max(value) filter (where field = 'country_code') as country_code
    from wanted
    group by golden_id, system

)

select * from pivoted
