"""Takes back what a plan wrote, by a plan: before-images as the new values, where nobody changed them since."""

from psycopg import sql

from concord.contract import Resource, System
from concord.errors import ConfigurationError
from concord.failpoints import failpoint
from concord.stages.plan import CHANGE_ID, PlanSummary, judge_changes, lock_plans, open_plan, summarise
from concord.store.engine import PLANNER, Connection, Database
from concord.store.ids import derive_id
from concord.store.plans import load_plan
from concord.store.tables import validated_table

_IS_UNSEEN = """
select count(*) > 0 and count(is_verified) = 0 from ops.changes
where plan_id = %s and state = 'confirmed' and action = 'update'
"""
# Field by field: still as written (take it back), as before already (nothing to do), or changed since (leave it).
_UPDATES = """
with fields as (
    select done.change_id, done.sequence, done.entity_id, done.record_key, field.key as name,
        field.value as written, coalesce(done.before -> field.key, 'null'::jsonb) as previous,
        coalesce(to_jsonb(held) -> field.key, 'null'::jsonb) as present,
        held._key is null or held._is_deleted as is_gone, {guard} as guard
    from ops.changes as done
    cross join lateral jsonb_each(done.after) as field
    left join {validated} as held on held._key = done.record_key
    where done.plan_id = %(undone)s and done.resource = %(resource)s and done.action = 'update'
        and (done.state = 'confirmed' or (done.state = 'unknown' and done.is_verified))
),
candidates as (
    select sequence as place, entity_id, record_key, guard, is_gone,
        coalesce(jsonb_object_agg(name, present) filter (where present = written), '{{}}') as before,
        coalesce(jsonb_object_agg(name, previous) filter (where present = written), '{{}}') as after,
        string_agg(name, ', ' order by name) filter (
            where present <> written and present <> previous
        ) as changed_since
    from fields
    group by sequence, entity_id, record_key, guard, is_gone
),
change as (
    select {resource}::text as resource, entity_id, record_key, 'update' as action, before, after,
        case when is_gone then '{{}}' else guard end as guard, place,
        'Takes back what plan ' || %(undone)s::text || ' wrote.'
            || coalesce(' Left as they are, changed since: ' || changed_since || '.', '') as reason,
        case
            when is_gone then 'The record is gone from the target, so it cannot be restored.'
            when after = '{{}}' then 'Somebody changed it since: ' || changed_since || '.'
            else ''
        end as obstacle
    from candidates
    where is_gone or after <> '{{}}' or changed_since is not null
)
"""
_HELD = """
with change as (
    select done.resource, done.entity_id, done.record_key, done.action, done.after as before,
        case done.action when 'create' then '{{}}'::jsonb else done.before end as after,
        '{{}}'::jsonb as guard, done.sequence as place,
        'Plan ' || %(undone)s::text || case done.action when 'create' then ' created' else ' archived' end
            || ' this record.' as reason,
        case done.action
            when 'create' then
                'Concord does not delete: remove ' || done.record_key || ' at the target by hand if it must go.'
            else 'Concord does not restore: bring ' || done.record_key || ' back by hand if it must stay.'
        end as obstacle
    from ops.changes as done
    where done.plan_id = %(undone)s and done.resource = %(resource)s and done.action in ('create', 'archive')
        and done.record_key is not null
        and (done.state = 'confirmed' or (done.state = 'unknown' and done.is_verified))
        and not exists (
            select from ops.plans as earlier
            inner join ops.changes as told on told.plan_id = earlier.plan_id
            where earlier.undoes_plan_id = %(undone)s and earlier.plan_id <> %(plan)s
                and earlier.state in ('approved', 'applied')
                and told.action = done.action and told.resource = done.resource
                and told.record_key = done.record_key
        )
)
"""
_INSERT = """
insert into ops.changes (
    change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, guard, reason,
    state, message, ended_at
)
select {change_id}, %(plan)s, %(offset)s + row_number() over (order by place),
    resource, entity_id, record_key, action, before, after, guard, reason,
    case obstacle when '' then 'planned' else 'held' end, obstacle,
    case obstacle when '' then null else clock_timestamp() end
from change
order by 3
"""


def plan_undo(database: Database, *, system: System, plan_id: str, run_id: str) -> PlanSummary:
    """The inverse of an applied plan; creates, archives and what moved on are listed as held, with the reason."""
    undo_id = derive_id("plan", system.name, "undo", run_id, plan_id)
    with database.transaction(PLANNER) as connection:
        lock_plans(connection, system)
        _refuse_unfit(connection, system, plan_id)
        if not open_plan(connection, system, undo_id, run_id, undoes=plan_id):
            return summarise(load_plan(connection, undo_id))
        values: dict[str, object] = {"plan": undo_id, "undone": plan_id, "offset": 0}
        for resource in reversed(system.resources):
            if resource.writes is not None:
                values["offset"] = _insert_inverse(connection, system, resource, values)
        failpoint("undo.after_changes")
        summary = judge_changes(connection, system, undo_id)
    failpoint("undo.after_commit")
    return summary


def _refuse_unfit(connection: Connection, system: System, plan_id: str) -> None:
    plan = load_plan(connection, plan_id)
    if plan.system != system.name:
        raise ConfigurationError(f"Plan {plan_id} is one of {plan.system}, not of {system.name}.", plan=plan_id)
    if plan.state != "applied":
        raise ConfigurationError(
            f"Plan {plan_id} is {plan.state}; only an applied plan can be undone.", plan=plan_id
        )
    row = connection.execute(_IS_UNSEEN, (plan_id,)).fetchone()
    if row and row[0]:
        raise ConfigurationError(
            f"Plan {plan_id} was not read back since it was applied; run its verify task first.", plan=plan_id
        )


def _insert_inverse(connection: Connection, system: System, resource: Resource, values: dict[str, object]) -> int:
    """Insert one resource's inverse changes; returns the last sequence used."""
    offset = int(str(values["offset"]))
    for source in (_UPDATES, _HELD):
        statement = sql.SQL(source + _INSERT).format(
            validated=validated_table(system, resource),
            resource=sql.Literal(resource.name),
            guard=_guard(resource),
            change_id=sql.SQL(CHANGE_ID),
        )
        parameters = {**values, "resource": resource.name, "offset": offset}
        offset += connection.execute(statement, parameters).rowcount
    return offset


def _guard(resource: Resource) -> sql.Composable:
    name = resource.writes.guard if resource.writes is not None else ""
    if not name:
        return sql.SQL("'{{}}'::jsonb").format()
    return sql.SQL("jsonb_build_object({}::text, to_jsonb(held.{}))").format(
        sql.Literal(name), sql.Identifier(name)
    )
