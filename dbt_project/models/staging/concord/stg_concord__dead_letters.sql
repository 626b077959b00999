{# The parent is the record that a refused part belongs to: the account of a
   contact, the party of an address or contact mechanism, the customer of an order.
   #}
with dead_letters as (

    select * from {{ source('ops', 'dead_letters') }}
    where state = 'open'

),

read as (

    select
        *,
        case
            when pg_input_is_valid(payload, 'jsonb') then payload::jsonb
        end as document
    from dead_letters

),

renamed as (

    select
        dead_letter_id,
        system,
        resource,
        record_key,
        coalesce(
            document ->> 'AccountId', document ->> 'party', document #>> '{customer,id}'
        ) as parent_source_id,
        stage,
        error_class,
        message,
        first_seen_at
    from read

)

select * from renamed
