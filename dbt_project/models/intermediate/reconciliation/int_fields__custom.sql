{# One row per golden record, system and custom field that its primary record fills. #}
{{ config(tags=['marts', 'measure']) }}

with stg_concord__custom_fields as (

    select * from {{ ref('stg_concord__custom_fields') }}

),

int_fields__custom_records as (

    select * from {{ ref('int_fields__custom_records') }}

),

joined as (

    select
        records.entity,
        records.golden_id,
        records.system,
        records.record_key,
        fields.field,
        fields.value,
        fields.comparison,
        fields.amount,
        fields.changed_at
    from stg_concord__custom_fields as fields
    inner join int_fields__custom_records as records
        on
            fields.system = records.system
            and fields.resource = records.resource
            and fields.resource_key = records.resource_key

)

select * from joined
