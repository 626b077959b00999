{# Each requester with what the owners of its fields say; what nobody corrects stays as
   it is. #}
with requesters as (

    select
        _key,
        requester_name as stored_requester_name,
        email as stored_email,
        phone as stored_phone
    from {{ source('deskly', 'deskly__requesters') }}

),

{{ import_customers('deskly') }},

desired as (

    select
        customers.entity_id as _entity_id,
        customers.record_key as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        coalesce(
            corrections.company_name,
            corrections.customer_name,
            stored.stored_requester_name
        ) as requester_name,
        {{ corrected('email') }},
        {{ corrected('phone') }}
    from int_customers__identified as customers
    inner join requesters as stored on customers.record_key = stored._key
    left join int_customers__corrections as corrections
        on customers.golden_id = corrections.golden_id and customers.is_primary

)

select * from desired
