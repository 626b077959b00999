"""Plans the difference between desired and validated: one plan per system and run, kept before anything is sent.

The difference is one statement per resource, the same for every system. In a desired model null is no opinion, and
an empty text says that the field should have no value; a number or a date that should have none is given as text.
Called again for the same run, it returns the same plan: nothing is computed again once the plan was decided on.
"""

from dataclasses import dataclass

from psycopg import sql

from concord.contract import Kind, Resource, System
from concord.errors import ConfigurationError
from concord.failpoints import failpoint
from concord.stages.write_back.approve import decline_older
from concord.stages.write_back.custom_fields import add_custom_fields
from concord.stages.write_back.policy import judge_plan
from concord.store.engine import PLANNER, Connection, Database, fetch_texts
from concord.store.ids import derive_id
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.planned import guard_of_held, insert_changes, is_created
from concord.store.ledger.plans import Plan, count_changes, load_plan, lock_plans, open_plan, record_judgement
from concord.store.tables import table_name, validated_table

_UPDATES = """
select desired._entity_id as entity_id, held._key as record_key, 'update' as action,
    differing.before, differing.after, {guard} as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
inner join {validated} as held on held._key = desired._key and not held._is_deleted
cross join lateral (
    select jsonb_object_agg(name, before) as before, jsonb_object_agg(name, after) as after
    from (values {pairs}) as fields (name, before, after)
    where after is not null and after is distinct from coalesce(before, 'null')
) as differing
where ({differs}) and differing.after is not null and not {is_unwanted}
"""
# A record that should be gone is archived and not corrected first. An archived record is never brought back.
_ARCHIVES = """
select desired._entity_id as entity_id, held._key as record_key, 'archive' as action,
    jsonb_build_object({deleted}::text, held.{deleted_column}) as before,
    jsonb_build_object({deleted}::text, true) as after, {guard} as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
inner join {validated} as held on held._key = desired._key and not held._is_deleted
where {is_unwanted}
"""
_CREATES = """
select desired._entity_id as entity_id, null::text as record_key, 'create' as action,
    '{{}}'::jsonb as before, filled.after, '{{}}'::jsonb as guard, coalesce(desired._reason, '') as reason
from {desired} as desired
cross join lateral (
    select jsonb_object_agg(name, after) as after from (values {values}) as fields (name, after)
    where after is not null
) as filled
where desired._key is null and filled.after is not null and not {is_unwanted} and not {is_created}
"""
_COLUMNS = """
select attname from pg_attribute
where attrelid = to_regclass(format('marts.%%I', %s::text)) and attnum > 0 and not attisdropped
"""


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """How many changes a plan holds, whether a person must decide on it, and why (empty when none must)."""

    plan_id: str
    planned: int
    needs_approval: bool
    reason: str


def plan_changes(database: Database, *, system: System, run_id: str) -> PlanSummary:
    """Keep the difference between desired and validated as this run's plan for the system.

    A field that the account lacks is left out.
    Raises `ConfigurationError` when no model says what any resource of the system should hold.
    """
    plan_id = derive_id("plan", system.name, "write_back", run_id)
    with database.transaction(PLANNER) as connection:
        lock_plans(connection, system)
        if not open_plan(connection, system, plan_id, run_id=run_id):
            return summarise(load_plan(connection, plan_id))
        decline_older(connection, system, plan_id)
        for declared in _wanted_resources(connection, system):
            resource = find_account(connection, system, declared).resource
            candidates = _candidates(connection, system, resource)
            if candidates is not None:
                insert_changes(connection, system, resource, plan_id=plan_id, candidates=candidates)
        failpoint("plan.after_changes")
        summary = judge_changes(connection, system, plan_id)
    failpoint("plan.after_commit")
    return summary


def judge_changes(connection: Connection, system: System, plan_id: str) -> PlanSummary:
    """Count the plan's changes and write down whether a person must decide."""
    count_changes(connection, plan_id)
    failpoint("plan.after_count")
    record_judgement(connection, plan_id, judge_plan(connection, system, plan_id))
    return summarise(load_plan(connection, plan_id))


def summarise(plan: Plan) -> PlanSummary:
    """The summary of a stored plan."""
    return PlanSummary(plan.plan_id, plan.planned, plan.needs_approval, plan.approval_reason)


def _wanted_resources(connection: Connection, system: System) -> list[Resource]:
    """The resources of which a model says what they should hold; the others are left as they are."""
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
    return set(fetch_texts(connection, _COLUMNS, (_model(system, resource),)))


def _candidates(connection: Connection, system: System, resource: Resource) -> sql.Composable | None:
    """The query of the changes that the resource needs; None when nothing of it may be written."""
    writes = resource.writes
    if writes is None:
        return None
    desired, columns = add_custom_fields(
        connection,
        system,
        resource,
        desired=sql.Identifier("marts", _model(system, resource)),
        columns=_columns(connection, system, resource),
    )
    parts: dict[str, sql.Composable] = {
        "desired": desired,
        "validated": validated_table(system, resource),
        "resource": sql.Literal(resource.name),
        "guard": guard_of_held(resource),
        "is_created": is_created(system, resource, sql.SQL("desired._entity_id")),
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
    """SQL for whether a record should be gone; false where the model has no such column."""
    if not _says_deleted(resource, columns):
        return sql.SQL("false")
    return sql.SQL("coalesce(desired.{}, false)").format(sql.Identifier(resource.deleted))


def _wanted(resource: Resource, name: str) -> sql.Composed:
    """SQL for the value that the field should have, null where it should have none or there is no opinion."""
    kind = sql.SQL(resource.field(name).kind.value)
    template = "desired.{}::{}" if resource.field(name).keeps_empty else "nullif(desired.{}::text, '')::{}"
    return sql.SQL(template).format(sql.Identifier(name), kind)


def _is_emptied(resource: Resource, name: str) -> sql.Composable:
    """SQL for whether the field should have no value."""
    if resource.field(name).keeps_empty:
        return sql.SQL("false")
    return sql.SQL("desired.{}::text = ''").format(sql.Identifier(name))


def _held(resource: Resource, name: str) -> sql.Composed:
    item = resource.field(name)
    is_text = item.kind is Kind.TEXT and not item.keeps_empty
    return sql.SQL("nullif(held.{}, '')" if is_text else "held.{}").format(sql.Identifier(name))


def _value(resource: Resource, name: str) -> sql.Composed:
    return sql.SQL("({}::text, to_jsonb({}))").format(sql.Literal(name), _wanted(resource, name))


def _pair(resource: Resource, name: str) -> sql.Composed:
    after = sql.SQL("case when {} then 'null'::jsonb else to_jsonb({}) end").format(
        _is_emptied(resource, name), _wanted(resource, name)
    )
    return sql.SQL("({}::text, to_jsonb({}), {})").format(sql.Literal(name), _held(resource, name), after)


def _differs(resource: Resource, name: str) -> sql.Composed:
    """SQL for whether the field must change."""
    return sql.SQL("({2} and {1} is not null or {0} is not null and {0} is distinct from {1})").format(
        _wanted(resource, name), _held(resource, name), _is_emptied(resource, name)
    )
