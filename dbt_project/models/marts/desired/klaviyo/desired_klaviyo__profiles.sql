{# Concord only withdraws consent: it unsubscribes a profile of a customer who opted out
   in any system, and changes no other consent. Klaviyo refuses a phone number that
   another profile has, so a shared number is not written. #}
with stg_klaviyo__profiles as (

    select * from {{ ref('stg_klaviyo__profiles') }}

),

int_consent__breaks as (

    select * from {{ ref('int_consent__breaks') }}
    where system = 'klaviyo'

),

{{ import_customers('klaviyo') }},

int_customers__free_phones as (

    select * from {{ ref('int_customers__free_phones') }}
    where system = 'klaviyo'

),

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(
            nullif(
                concat_ws(
                    ', ',
                    'opted out in ' || consent.golden_system,
                    corrections.reason
                ),
                ''
            ),
            'agrees'
        ) as _reason,
        {{ corrected('first_name') }},
        {{ corrected('last_name') }},
        {{ corrected('company_name') }},
        {{ corrected('email') }},
        case
            when corrections.phone = '' then ''
            else coalesce(free_phones.phone, stored.stored_phone)
        end as phone,
        {{ corrected('street') }},
        {{ corrected('city') }},
        {{ corrected('postal_code') }},
        {{ corrected('country_name', correction='country_code') }},
        case when consent.record_key is not null then 'UNSUBSCRIBED' end
        as email_consent
    from int_customers__identified as customers
    inner join stg_klaviyo__profiles as stored
        on customers.record_key = stored.profile_source_id
    left join int_consent__breaks as consent
        on customers.record_key = consent.record_key
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary
    left join int_customers__free_phones as free_phones
        on corrections.phone = free_phones.phone

)

select * from desired
