{# One row per plan. #}
with plans as (

    select * from {{ source('ops', 'plans') }}

),

renamed as (

    select
        plan_id,
        run_id,
        undoes_plan_id,
        system,
        purpose,
        state,
        approval_reason,
        approved_by,
        planned as planned_quantity,
        confirmed as confirmed_quantity,
        rejected as rejected_quantity,
        conflicted as conflicted_quantity,
        unknown as unknown_quantity,
        held as held_quantity,
        needs_approval,
        created_at,
        finished_at
    from plans

)

select * from renamed
