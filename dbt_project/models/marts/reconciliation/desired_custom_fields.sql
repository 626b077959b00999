{# One row per record and custom field that should change, and per golden record and
   custom field of which a system lacks the record, for when it is created there. #}
with int_fields__custom_records as (

    select * from {{ ref('int_fields__custom_records') }}

),

int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}

),

int_fields__travelling as (

    select * from {{ ref('int_fields__travelling') }}

),

int_fields__golden as (

    select * from {{ ref('int_fields__golden') }}

),

custom_fields as (

    {{ list_custom_fields() }}

),

written as (

    select * from custom_fields
    where is_written

),

wanted as (

    select
        entity,
        golden_id,
        system,
        field,
        golden_value as value,
        golden_system || ': ' || field as reason
    from int_fields__disagreements

    union all

    select
        entity,
        golden_id,
        system,
        field,
        '' as value,
        golden_system || ': ' || field || ' (removed)' as reason
    from int_fields__travelling

),

corrected as (

    select
        written.system,
        written.resource,
        records.resource_key,
        wanted.golden_id,
        wanted.field,
        wanted.value,
        wanted.reason
    from written
    inner join wanted
        on
            written.system = wanted.system
            and written.entity = wanted.entity
            and written.field = wanted.field
    inner join int_fields__custom_records as records
        on
            wanted.system = records.system
            and wanted.golden_id = records.golden_id
            and written.resource = records.resource
    where records.resource_key is not null

),

created as (

    select
        written.system,
        written.resource,
        null as resource_key,
        golden.golden_id,
        golden.field,
        golden.value,
        null as reason
    from written
    inner join int_fields__golden as golden
        on written.entity = golden.entity and written.field = golden.field
    left join int_fields__custom_records as records
        on
            written.system = records.system
            and written.resource = records.resource
            and golden.golden_id = records.golden_id
    where records.resource_key is null

),

desired as (

    select * from corrected

    union all

    select * from created

)

select * from desired
