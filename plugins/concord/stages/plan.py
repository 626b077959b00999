"""What a system should say minus what it says: one plan per system and run, kept before anything is sent.

The difference is one statement per resource, the same for every system. Called again for the same run, it
returns the same plan; nothing that was decided is ever computed anew.
"""

from dataclasses import dataclass

from psycopg import sql

from concord.contract import Resource, System, Writes
from concord.errors import ConfigurationError
from concord.failpoints import failpoint
from concord.fields import Kind
from concord.stages.plan_page import render_plan
from concord.stages.policy import judge_plan
from concord.store.dead_letters import content_id
from concord.store.engine import PLANNER, Connection, Database
from concord.store.ids import derive_id
from concord.store.journal import hold_planned
from concord.store.plans import Plan, close_plan, count_changes, find_plan, load_plan
from concord.store.tables import table_name, validated_table

__all__ = ["POLICY", "PlanSummary", "approve", "decline", "plan_changes", "render_plan"]

POLICY = "policy"

CHANGE_ID = """left(encode(sha256(convert_to(concat_ws(chr(31), 'change', %(plan)s::text, change.resource,
    change.entity_id, change.action, change.before::text, change.after::text), 'utf8')), 'hex'), 24)"""
_INSERT = """
with candidates as ({candidates}),
change as (
    select {resource}::text as resource, entity_id, record_key, action, before, after, guard, reason
    from candidates
)
insert into ops.changes (
    change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, guard, reason
)
select {change_id}, %(plan)s,
    %(offset)s + row_number() over (order by action, record_key nulls first, entity_id),
    resource, entity_id, record_key, action, before, after, guard, reason
from change
where not exists (
    select from ops.dead_letters as letter
    where letter.state = 'open' and letter.dead_letter_id = {letter_id}
)
order by 3
"""
_UPDATES = """
select desired._entity_id as entity_id, held._key as record_key, 'update' as action,
    differing.before, differing.after, {guard} as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
inner join {validated} as held on held._key = desired._key and not held._is_deleted
cross join lateral (
    select jsonb_object_agg(name, before) as before, jsonb_object_agg(name, after) as after
    from (values {pairs}) as fields (name, before, after)
    where after is not null and after is distinct from before
) as differing
where ({differs}) and differing.after is not null and not {is_unwanted}
"""
# A record that should be gone is archived and not corrected first. That one should be there again is not planned.
_ARCHIVES = """
select desired._entity_id as entity_id, held._key as record_key, 'archive' as action,
    jsonb_build_object({deleted}::text, held.{deleted_column}) as before,
    jsonb_build_object({deleted}::text, true) as after, {guard} as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
inner join {validated} as held on held._key = desired._key and not held._is_deleted
where {is_unwanted}
"""
# A record whose creation is under way, or was confirmed and has not been deleted since, is not created again.
_CREATES = """
select desired._entity_id as entity_id, null::text as record_key, 'create' as action,
    '{{}}'::jsonb as before, filled.after, '{{}}'::jsonb as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
cross join lateral (
    select jsonb_object_agg(name, after) as after from (values {values}) as fields (name, after)
    where after is not null
) as filled
where desired._key is null and filled.after is not null and not {is_unwanted} and not exists (
    select from ops.changes as earlier
    inner join ops.plans on plans.plan_id = earlier.plan_id
    where plans.system = %(system)s and plans.plan_id <> %(plan)s and earlier.resource = {resource}
        and earlier.entity_id = desired._entity_id and earlier.action = 'create'
        and case earlier.state
            when 'sent' then true
            when 'confirmed' then not exists (
                select from {validated} as held where held._key = earlier.record_key and held._is_deleted
            )
            when 'unknown' then not exists (
                select from ops.batches
                where batches.system = %(system)s and batches.resource = {resource} and batches.purpose = 'window'
                    and batches.state = 'covered' and batches.landed_at > earlier.ended_at
            )
            else false
        end
)
"""
_OLDER = """
select plan_id from ops.plans
where system = %s and purpose = 'write_back' and state = 'planned' and plan_id <> %s order by created_at, plan_id
for update
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = to_regclass(format('marts.%%I', %s::text)) and attnum > 0 and not attisdropped
"""


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan in one line: how much, whether a person must decide, and why."""

    plan_id: str
    planned: int
    needs_approval: bool
    reason: str


def plan_changes(database: Database, *, system: System, run_id: str) -> PlanSummary:
    """Keep the difference between desired and validated as this run's plan for the system."""
    plan_id = derive_id("plan", system.name, "write_back", run_id)
    with database.transaction(PLANNER) as connection:
        lock_plans(connection, system)
        if not open_plan(connection, system, plan_id, run_id):
            return summarise(load_plan(connection, plan_id))
        _retire_older(connection, system, plan_id)
        offset = 0
        for resource in _wanted_resources(connection, system):
            offset += _insert_changes(connection, system, resource, plan_id=plan_id, offset=offset)
        failpoint("plan.after_changes")
        summary = judge_changes(connection, system, plan_id)
    failpoint("plan.after_commit")
    return summary


def lock_plans(connection: Connection, system: System) -> None:
    """One planner at a time per system, until the transaction ends."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"plan:{system.name}",))


def open_plan(
    connection: Connection, system: System, plan_id: str, run_id: str, *, undoes: str | None = None
) -> bool:
    """Begin the plan, or begin it anew while nobody decided on it; False when it was decided."""
    found = find_plan(connection, plan_id)
    if found is not None and found.state != "planned":
        return False
    purpose = "undo" if undoes else "write_back"
    connection.execute(
        "insert into ops.plans (plan_id, system, purpose, run_id, undoes_plan_id, state) "
        "values (%s, %s, %s, %s, %s, 'planned') on conflict (plan_id) do nothing",
        (plan_id, system.name, purpose, run_id, undoes),
    )
    connection.execute("delete from ops.changes where plan_id = %s", (plan_id,))
    return True


def judge_changes(connection: Connection, system: System, plan_id: str) -> PlanSummary:
    """Count the plan's changes and write down whether a person must decide."""
    count_changes(connection, plan_id)
    failpoint("plan.after_count")
    reasons = judge_plan(connection, system, plan_id)
    connection.execute(
        "update ops.plans set needs_approval = %s, approval_reason = %s where plan_id = %s",
        (bool(reasons), " ".join(reasons) or None, plan_id),
    )
    return summarise(load_plan(connection, plan_id))


def summarise(plan: Plan) -> PlanSummary:
    """The line of a stored plan."""
    return PlanSummary(plan.plan_id, plan.planned, plan.needs_approval, plan.approval_reason)


def approve(database: Database, plan_id: str, by: str) -> None:
    """Let the plan be applied; the policy itself cannot pass a plan that it said needs a person."""
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
        if plan.state in ("approved", "applied"):
            return
        if plan.state != "planned":
            raise ConfigurationError(f"Plan {plan_id} is {plan.state}; run the write-back again for a new plan.")
        if plan.needs_approval and by == POLICY:
            raise ConfigurationError(f"Plan {plan_id} waits for a person: {plan.approval_reason}")
        connection.execute(
            "update ops.plans set state = 'approved', approved_by = %s where plan_id = %s and state = 'planned'",
            (by, plan_id),
        )
    failpoint("approve.after_commit")


def decline(database: Database, plan_id: str, by: str) -> None:
    """Close the plan unsent; every change of it is held."""
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
        if plan.state == "declined":
            return
        if plan.state != "planned":
            raise ConfigurationError(f"Plan {plan_id} is {plan.state} already; undo it if it must be taken back.")
        _decline(connection, plan_id, by)


def _decline(connection: Connection, plan_id: str, by: str) -> None:
    hold_planned(connection, plan_id, f"Not sent: the plan was declined by {by}.")
    connection.execute("update ops.plans set approved_by = %s where plan_id = %s", (by, plan_id))
    close_plan(connection, plan_id, "declined")


def _retire_older(connection: Connection, system: System, plan_id: str) -> None:
    """An undecided plan of an earlier run is out of date; its changes are planned anew if still needed."""
    for (older,) in connection.execute(_OLDER, (system.name, plan_id)).fetchall():
        _decline(connection, str(older), "a newer plan")


def _wanted_resources(connection: Connection, system: System) -> list[Resource]:
    """The resources of which a model says what they should hold; without one a resource is left as it is."""
    declared = [resource for resource in system.resources if resource.writes is not None]
    found = [resource for resource in declared if _columns(connection, system, resource)]
    if declared and not found:
        names = ", ".join(_model(system, resource) for resource in declared)
        raise ConfigurationError(
            f"No model says what {system.title} should hold ({names}), so nothing can be planned for it; "
            "run reconcile first."
        )
    return found


def _model(system: System, resource: Resource) -> str:
    return f"desired_{table_name(system, resource)}"


def _columns(connection: Connection, system: System, resource: Resource) -> set[str]:
    return {str(row[0]) for row in connection.execute(_COLUMNS, (_model(system, resource),))}


def _insert_changes(
    connection: Connection, system: System, resource: Resource, *, plan_id: str, offset: int
) -> int:
    candidates = _candidates(connection, system, resource)
    if candidates is None:
        return 0
    statement = sql.SQL(_INSERT).format(
        candidates=candidates,
        resource=sql.Literal(resource.name),
        change_id=sql.SQL(CHANGE_ID),
        letter_id=content_id(system=sql.SQL("%(system)s::text"), change=sql.SQL("change")),
    )
    values = {"plan": plan_id, "system": system.name, "offset": offset}
    return connection.execute(statement, values).rowcount


def _candidates(connection: Connection, system: System, resource: Resource) -> sql.Composable | None:
    writes = resource.writes
    if writes is None:
        return None
    columns = _columns(connection, system, resource)
    parts: dict[str, sql.Composable] = {
        "desired": sql.Identifier("marts", _model(system, resource)),
        "validated": validated_table(system, resource),
        "resource": sql.Literal(resource.name),
        "guard": _guard(writes),
        "deleted": sql.Literal(resource.deleted),
        "deleted_column": sql.Identifier(resource.deleted or resource.key),
        "is_unwanted": _is_unwanted(resource, columns),
    }
    selects = []
    if created := [name for name in sorted(writes.create) if name in columns]:
        values = sql.SQL(", ").join(_value(resource, name) for name in created)
        selects.append(sql.SQL(_CREATES).format(**parts, values=values))
    if updated := [name for name in sorted(writes.update) if _is_comparable(resource, name, columns)]:
        pairs = sql.SQL(", ").join(_pair(resource, name) for name in updated)
        differs = sql.SQL(" or ").join(_differs(resource, name) for name in updated)
        selects.append(sql.SQL(_UPDATES).format(**parts, pairs=pairs, differs=differs))
    if _says_deleted(resource, columns):
        selects.append(sql.SQL(_ARCHIVES).format(**parts))
    return sql.SQL(" union all ").join(selects) if selects else None


def _is_comparable(resource: Resource, name: str, columns: set[str]) -> bool:
    return name in columns and name != resource.deleted and resource.field(name).kind is not Kind.JSON


def _says_deleted(resource: Resource, columns: set[str]) -> bool:
    return resource.writes is not None and resource.deleted in resource.writes.update & columns


def _is_unwanted(resource: Resource, columns: set[str]) -> sql.Composable:
    """Whether a record should be gone, as far as the model speaks of it."""
    if not _says_deleted(resource, columns):
        return sql.SQL("false")
    return sql.SQL("coalesce(desired.{}, false)").format(sql.Identifier(resource.deleted))


def _wanted(resource: Resource, name: str) -> sql.Composed:
    kind = sql.SQL(resource.field(name).kind.value)
    return sql.SQL("desired.{}::{}").format(sql.Identifier(name), kind)


def _value(resource: Resource, name: str) -> sql.Composed:
    return sql.SQL("({}::text, to_jsonb({}))").format(sql.Literal(name), _wanted(resource, name))


def _pair(resource: Resource, name: str) -> sql.Composed:
    return sql.SQL("({}::text, to_jsonb(held.{}), to_jsonb({}))").format(
        sql.Literal(name), sql.Identifier(name), _wanted(resource, name)
    )


def _differs(resource: Resource, name: str) -> sql.Composed:
    wanted = _wanted(resource, name)
    return sql.SQL("({0} is not null and {0} is distinct from held.{1})").format(wanted, sql.Identifier(name))


def _guard(writes: Writes) -> sql.Composable:
    if not writes.guard:
        return sql.SQL("'{{}}'::jsonb").format()
    return sql.SQL("jsonb_build_object({}::text, to_jsonb(held.{}))").format(
        sql.Literal(writes.guard), sql.Identifier(writes.guard)
    )
