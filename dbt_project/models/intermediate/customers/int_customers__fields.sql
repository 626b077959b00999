{# One row per golden customer, system and field that its primary record fills. `value`
   is what would be written; `comparison` is the value without differences that do not
   count. A value that cannot be read stands as it is written and has no comparison. #}
{{ config(tags=['marts', 'measure']) }}

with int_customers__identified as (

    select * from {{ ref('int_customers__identified') }}
    where is_primary and not is_incomplete

),

named as (

    select
        *,
        nullif(concat_ws(' ', first_name, last_name), '') as person_name
    from int_customers__identified

),

unpivoted as (

    select
        'customer' as entity,
        named.golden_id,
        named.system,
        named.record_key,
        fields.field,
        fields.value,
        fields.comparison,
        null::numeric as amount,
        named.changed_at
    from named
    cross join
        lateral (
            values
            ('first_name', named.first_name, {{ normalised_name('named.first_name') }}),
            ('last_name', named.last_name, {{ normalised_name('named.last_name') }}),
            (
                case when named.is_company then 'company_name' else 'customer_name' end,
                case
                    when named.system = 'shopify' and not named.is_company
                        then named.person_name
                    when named.system = 'shopify' and named.customer_kind = 'person'
                        then null
                    when named.is_company then named.record_name
                    else {{ written_name('named.record_name') }}
                end,
                case
                    when named.system = 'shopify' and not named.is_company
                        then {{ normalised_name('named.person_name') }}
                    else named.name_key
                end
            ),
            ('email', coalesce(named.email, named.email_as_written), named.email),
            ('phone', coalesce(named.phone, named.phone_as_written), named.phone),
            ('street', named.street, named.street_key),
            ('city', named.city, {{ normalised_name('named.city') }}),
            ('postal_code', named.postal_code, named.postal_code_key),
            (
                'country_code',
                coalesce(named.country_code, named.country_as_written),
                named.country_code
            )
        ) as fields (field, value, comparison)
    where btrim(fields.value) <> ''

)

select * from unpivoted
