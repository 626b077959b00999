{# One row per entity, field and system in use that has no such field, in any of the
   columns that could fill it: its value is not missing there. #}
{{ config(tags=['prepare', 'measure']) }}

with given as (

    {{ given_columns({
        'customer': 'customers', 'product': 'products', 'order': 'orders'
    }) }}

),

fields (entity, field, columns) as (

    values
    ('customer', 'first_name', array['first_name']),
    ('customer', 'last_name', array['last_name']),
    ('customer', 'customer_name', array['record_name']),
    ('customer', 'company_name', array['record_name']),
    ('customer', 'email', array['email_as_written']),
    ('customer', 'phone', array['phone_as_written']),
    ('customer', 'street', array['street']),
    ('customer', 'city', array['city']),
    ('customer', 'postal_code', array['postal_code']),
    ('customer', 'country_code', array['country_as_written']),
    ('product', 'product_name', array['product_name']),
    ('product', 'price', array['price']),
    (
        'order',
        'customer',
        array['customer_record_key', 'customer_group_key', 'customer_number']
    ),
    ('order', 'total_amount', array['total_amount']),
    ('order', 'currency_code', array['currency_code']),
    ('order', 'order_status', array['source_status'])

),

silent as (

    select distinct
        'order' as entity,
        'delivery_status' as field,
        system
    from given
    where
        entity = 'order'
        and not {{ is_one_of('system', var('entities').get('delivery_reports', [])) }}

),

unheld as (

    select
        fields.entity,
        fields.field,
        given.system
    from fields
    inner join given on fields.entity = given.entity
    where not fields.columns && given.given

    union all

    select
        entity,
        field,
        system
    from silent

)

select * from unheld
