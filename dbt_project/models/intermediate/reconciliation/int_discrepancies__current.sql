{# One row per discrepancy that exists now. #}
{{ config(tags=['marts', 'measure']) }}

with int_fields__disagreements as (

    select * from {{ ref('int_fields__disagreements') }}

),

int_records__missing as (

    select * from {{ ref('int_records__missing') }}

),

int_records__superfluous as (

    select * from {{ ref('int_records__superfluous') }}

),

int_orders__customer_holds as (

    select * from {{ ref('int_orders__customer_holds') }}

),

found as (

    select
        fields.entity,
        fields.golden_id,
        fields.field,
        fields.system,
        fields.record_key,
        fields.golden_system,
        fields.system_value,
        fields.golden_value,
        coalesce(int_orders__customer_holds.hold_reason, fields.cause) as cause
    from int_fields__disagreements as fields
    left join int_orders__customer_holds
        on
            fields.entity = 'order'
            and fields.field = 'customer'
            and fields.golden_id = int_orders__customer_holds.order_name
            and fields.system = int_orders__customer_holds.system

    union all

    select * from {{ ref('int_fields__undecided') }}

    union all

    select
        entity,
        golden_id,
        'exists' as field,
        system,
        record_key,
        golden_system,
        null as system_value,
        golden_value,
        cause
    from int_records__missing

    union all

    select
        entity,
        golden_id,
        'exists' as field,
        system,
        record_key,
        null as golden_system,
        record_key as system_value,
        null as golden_value,
        cause
    from int_records__superfluous

    union all

    select * from {{ ref('int_discrepancies__breaks') }}

),

keyed as (

    select
        md5(
            concat_ws(
                '|',
                found.entity,
                found.golden_id,
                found.field,
                found.system,
                found.cause,
                case when found.golden_value is null then found.record_key end
            )
        ) as discrepancy_id,
        found.*
    from found

)

select * from keyed
