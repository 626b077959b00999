{# One row per open dead letter, with what the quarantined record refers to, as far as
   it can be read: the order by its name or number, the payout, and the record that it
   is a part of (the account of a contact, the party of an address or contact mechanism,
   the customer of an order). #}
with dead_letters as (

    select * from {{ source('ops', 'dead_letters') }}
    where state = 'open'

),

renamed as (

    select
        dead_letter_id,
        system,
        resource,
        record_key,
        coalesce(
            fields ->> 'account_source_id',
            fields ->> 'party_source_id',
            fields ->> 'customer_source_id'
        ) as parent_source_id,
        coalesce(
            {{ trimmed("(fields ->> 'order_name')") }},
            {{ trimmed("(fields ->> 'shop_order_name')") }},
            {{ trimmed("(fields ->> 'reference')") }}
        ) as order_name,
        fields ->> 'payout_source_id' as payout_source_id,
        {{ read_email("(fields ->> 'email')") }} as email,
        coalesce(
            fields ->> 'erp_customer_code',
            fields ->> 'account_number',
            fields ->> 'party_code',
            fields ->> 'external_party_code'
        ) as account_number,
        {{ trimmed("(fields ->> 'order_number')") }} as order_number,
        stage,
        error_class,
        message,
        first_seen_at
    from dead_letters

)

select * from renamed
