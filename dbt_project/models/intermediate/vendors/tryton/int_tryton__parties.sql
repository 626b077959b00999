{# One row per golden customer that the ERP knows or that is about to be created there,
   with what its party lacks. #}
{{ config(tags=['marts']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'tryton' and is_primary and not is_incomplete

),

int_customers__to_create as (

    select * from {{ ref('int_customers__to_create') }}
    where system = 'tryton'

),

parties as (

    select
        golden_id,
        record_key as party_source_id,
        address_source_id is null as lacks_address,
        email_source_id is null as lacks_email,
        phone_source_id is null as lacks_phone
    from int_customers__identified

    union all

    select
        customer_id as golden_id,
        '@parties/' || customer_id as party_source_id,
        true as lacks_address,
        true as lacks_email,
        true as lacks_phone
    from int_customers__to_create

)

select * from parties
