{# One row per golden customer, system and field that its primary record fills. `value`
   is what would be written; `comparison` is the value without differences that do not
   count. A value that cannot be read stands as it is written and has no comparison. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where is_primary and not is_incomplete

),

keyed as (

    select
        *,
        {{ normalised_name('first_name') }} as first_name_key,
        {{ normalised_name('last_name') }} as last_name_key,
        {{ normalised_name('city') }} as city_key
    from int_customers__identified

),

unpivoted as (

    select
        'customer' as entity,
        records.golden_id,
        records.system,
        records.record_key,
        fields.field,
        fields.value,
        fields.comparison,
        null::numeric as amount,
        records.changed_at
    from keyed as records
    cross join
        lateral (
            values
            ('first_name', records.first_name, records.first_name_key),
            ('last_name', records.last_name, records.last_name_key),
            (
                case
                    when records.is_company then 'company_name' else 'customer_name'
                end,
                case
                    when records.is_company and not records.can_name_company then null
                    when records.is_company then records.record_name
                    else {{ written_name('records.record_name') }}
                end,
                records.name_key
            ),
            ('email', coalesce(records.email, records.email_as_written), records.email),
            ('phone', coalesce(records.phone, records.phone_as_written), records.phone),
            ('street', records.street, records.street_key),
            ('city', records.city, records.city_key),
            ('postal_code', records.postal_code, records.postal_code_key),
            (
                'country_code',
                coalesce(records.country_code, records.country_as_written),
                records.country_code
            )
        ) as fields (field, value, comparison)
    where btrim(fields.value) <> ''

)

select * from unpivoted
