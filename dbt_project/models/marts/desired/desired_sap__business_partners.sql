{# A company has its name in two parts of forty letters; a person has a first and a last
   name, which follow the golden record once the whole name differs. #}
with stg_sap__business_partners as (

    select * from {{ ref('stg_sap__business_partners') }}

),

int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where system = 'sap'

),

int_customers__corrections as (

    select * from {{ ref('int_customers__corrections') }}
    where system = 'sap'

),

customers as (

    select * from {{ ref('customers') }}

),

corrected as (

    select
        records.entity_id,
        records.record_key,
        corrections.reason,
        corrections.company_name,
        case when corrections.customer_name is not null then customers.first_name end
        as first_name,
        case when corrections.customer_name is not null then customers.last_name end
        as last_name,
        case
            when length(corrections.company_name) <= 40 then corrections.company_name
            else coalesce(
                substring(corrections.company_name from '^(.{1,40}) '),
                left(corrections.company_name, 40)
            )
        end as first_part
    from int_customers__identified as records
    left join int_customers__corrections as corrections
        on records.golden_id = corrections.golden_id and records.is_primary
    left join customers on records.golden_id = customers.customer_id

),

desired as (

    select
        corrections.entity_id as _entity_id,
        stored.stored_source_id as _key,
        coalesce(corrections.reason, 'agrees') as _reason,
        case
            when stored.partner_kind = 'company' and corrections.first_part is not null
                then corrections.first_part
            else stored.stored_organization_name_1
        end as organization_name_1,
        case
            when stored.partner_kind = 'company' and corrections.first_part is not null
                then left(
                    btrim(
                        substr(
                            corrections.company_name, length(corrections.first_part) + 1
                        )
                    ), 40
                )
            else stored.stored_organization_name_2
        end as organization_name_2,
        case
            when stored.partner_kind = 'person'
                then left(coalesce(corrections.first_name, stored.stored_first_name), 40)
            else stored.stored_first_name
        end as first_name,
        case
            when stored.partner_kind = 'person'
                then left(coalesce(corrections.last_name, stored.stored_last_name), 40)
            else stored.stored_last_name
        end as last_name
    from stg_sap__business_partners as stored
    inner join corrected as corrections
        on stored.stored_source_id = corrections.record_key

)

select * from desired
