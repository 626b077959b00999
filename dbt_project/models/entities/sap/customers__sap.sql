{# One row per business partner with its first address. Of a company SAP knows no
   person's name. #}
with addresses as (

    select
        *,
        row_number() over (
            partition by partner_source_id
            order by length(address_number), address_number
        ) as address_rank
    from {{ ref('stg_sap__addresses') }}

),

joined as (

    select
        partners.*,
        addresses.address_source_id,
        addresses.email,
        addresses.phone,
        addresses.street,
        addresses.city,
        addresses.postal_code,
        addresses.country_code,
        greatest(partners.changed_at, addresses.changed_at) as last_changed_at
    from {{ ref('stg_sap__business_partners') }} as partners
    left join addresses
        on
            partners.partner_source_id = addresses.partner_source_id
            and addresses.address_rank = 1

)

{{ shaped_as(
    'customers',
    'joined',
    kept=['address_source_id', 'first_name', 'last_name', 'street', 'city', 'postal_code'],
    columns={
        'record_key': 'stored_source_id',
        'external_id': 'party_code',
        'account_number': 'party_code',
        'customer_kind': "nullif(partner_kind, 'group')",
        'record_name': "coalesce(company_name, nullif(concat_ws(' ', first_name, last_name), ''))",
        'email_as_written': 'email',
        'phone_as_written': 'phone',
        'country_as_written': 'country_code',
        'can_name_company': 'true',
        'is_blocked': 'is_blocked',
        'changed_at': 'last_changed_at'
    }
) }}
