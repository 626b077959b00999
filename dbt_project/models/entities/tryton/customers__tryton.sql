{# One row per party. If the party was quarantined, its address or contact mechanism
   still shows that the ERP knows the customer. #}
with joined as (

    select
        parties.party_code,
        parties.party_name,
        parts.address_source_id,
        parts.email_source_id,
        parts.phone_source_id,
        parts.email,
        parts.phone,
        parts.street,
        parts.city,
        parts.postal_code,
        parts.country_code,
        parties.party_source_id is null as lacks_party,
        coalesce(parties.party_source_id, parts.party_source_id) as party_source_id,
        greatest(parties.changed_at, parts.changed_at) as changed_at
    from {{ ref('stg_tryton__parties') }} as parties
    full outer join {{ ref('int_tryton__party_parts') }} as parts
        on parties.party_source_id = parts.party_source_id
    where not coalesce(parties.is_deleted, false)

)

{{ shaped_as(
    'customers',
    'joined',
    kept=[
        'address_source_id', 'email_source_id', 'phone_source_id', 'street', 'city',
        'postal_code', 'changed_at'
    ],
    columns={
        'record_key': 'party_source_id',
        'external_id': 'party_code',
        'account_number': 'party_code',
        'record_name': 'party_name',
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'true',
        'is_incomplete': 'lacks_party'
    }
) }}
