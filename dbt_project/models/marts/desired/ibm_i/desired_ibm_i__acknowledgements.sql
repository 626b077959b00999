{# An order is accepted once it was read from the CRM, so in the night after its
   creation there: a planned creation may still fail. If the CRM has an order that was
   set aside since, the host must correct it. #}
with int_wholesale__orders as (

    select * from {{ ref('int_wholesale__orders') }}

),

int_wholesale__expected as (

    select * from {{ ref('int_wholesale__expected') }}
    where is_present and crm_order_number is not null

),

refusal_reasons as (

    select * from {{ ref('refusal_reasons') }}

),

stg_ibm_i__acknowledgements as (

    select * from {{ ref('stg_ibm_i__acknowledgements') }}

),

answers as (

    select
        expected.order_number,
        'AC' as acknowledgement_status,
        expected.crm_order_number,
        null as reason
    from int_wholesale__expected as expected
    inner join int_wholesale__orders as orders
        on expected.order_number = orders.order_number
    where orders.fault is null

    union all

    select
        orders.order_number,
        'RJ' as acknowledgement_status,
        null as crm_order_number,
        coalesce(min(reasons.reason), 'order cannot be read') as reason
    from int_wholesale__orders as orders
    left join refusal_reasons as reasons on position(reasons.fault in orders.fault) > 0
    where orders.fault is not null and orders.order_number ~ '^[1-9][0-9]{0,8}$'
    group by orders.order_number

),

desired as (

    select
        answers.order_number as _entity_id,
        told.order_number as _key,
        case answers.acknowledgement_status
            when 'AC' then 'the CRM has the order'
            else 'the order was set aside'
        end as _reason,
        answers.order_number,
        answers.acknowledgement_status,
        answers.crm_order_number,
        case
            when answers.acknowledgement_status = told.acknowledgement_status
                then answers.reason
            when told.acknowledgement_status = 'RJ'
                then 'accepted after correction'
            else answers.reason
        end as reason
    from answers
    left join stg_ibm_i__acknowledgements as told
        on answers.order_number = told.order_number

)

select * from desired
