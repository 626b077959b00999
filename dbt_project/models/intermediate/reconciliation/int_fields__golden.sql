{# One row per golden record and field that has a golden value: that of the first system
   in field_ownership.csv that has one. There is no row while that value cannot be read,
   after it was removed, and while a system that comes before it was never read. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with int_fields__decided as (

    select * from {{ ref('int_fields__decided') }}

),

golden as (

    select
        entity,
        golden_id,
        field,
        system,
        record_key,
        value,
        comparison,
        source_rule,
        amount,
        changed_at,
        is_agreed,
        lacked_by
    from int_fields__decided
    where state = 'readable'

)

select * from golden
