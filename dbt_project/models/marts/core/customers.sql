with int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}
    where entity = 'customer'

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}

),

records as (

    select
        golden_id,
        count(*) as record_quantity,
        bool_or(is_company) as is_company,
        max(changed_at) as changed_at
    from int_customers__identified
    group by golden_id

),

fields as (

    select
        golden_id,
        max(value) filter (where field = 'first_name') as first_name,
        max(value) filter (where field = 'last_name') as last_name,
        max(value) filter (where field = 'company_name') as company_name,
        max(value) filter (where field = 'customer_name') as customer_name,
        max(value) filter (where field = 'email') as email,
        max(value) filter (where field = 'phone') as phone,
        max(value) filter (where field = 'street') as street,
        max(value) filter (where field = 'city') as city,
        max(value) filter (where field = 'postal_code') as postal_code,
        max(value) filter (where field = 'country_code') as country_code,
        jsonb_object_agg(field, value) filter (
            where {{ is_one_of('field', custom_fields_of('customer')) }}
        ) as custom_fields
    from int_fields__golden
    group by golden_id

),

joined as (

    select
        records.golden_id as customer_id,
        case when records.is_company then 'company' else 'person' end as customer_kind,
        coalesce(
            fields.company_name,
            fields.customer_name,
            nullif(concat_ws(' ', fields.first_name, fields.last_name), '')
        ) as customer_name,
        fields.company_name,
        fields.first_name,
        fields.last_name,
        fields.email,
        fields.phone,
        fields.street,
        fields.city,
        fields.postal_code,
        fields.country_code,
        fields.custom_fields,
        records.record_quantity,
        records.changed_at
    from records
    left join fields on records.golden_id = fields.golden_id

)

select * from joined
