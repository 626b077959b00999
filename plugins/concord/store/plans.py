"""Plans and their changes as they are kept: loading, counting, closing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from concord.contract import ARCHIVE, Change, Resource
from concord.errors import ConfigurationError
from concord.fields import Kind
from concord.store.engine import Connection

ACTIONS = ("create", "update", ARCHIVE)

_PLAN = """
select plan_id, system, purpose, run_id, undoes_plan_id, state, needs_approval, coalesce(approval_reason, ''),
    planned, confirmed, rejected, conflicted, unknown, held
from ops.plans where plan_id = %s
"""
_COUNT = """
update ops.plans set planned = (select count(*) from ops.changes where plan_id = %(plan)s)
where plan_id = %(plan)s
"""
_CLOSE = """
update ops.plans set state = %(state)s, finished_at = clock_timestamp(), planned = counted.planned,
    confirmed = counted.confirmed, rejected = counted.rejected, conflicted = counted.conflicted,
    unknown = counted.unknown, held = counted.held
from (
    select
        count(*) as planned,
        count(*) filter (where state = 'confirmed') as confirmed,
        count(*) filter (where state = 'rejected') as rejected,
        count(*) filter (where state = 'conflicted') as conflicted,
        count(*) filter (where state = 'unknown') as unknown,
        count(*) filter (where state = 'held') as held
    from ops.changes where plan_id = %(plan)s
) as counted
where plan_id = %(plan)s
"""
_CHANGES = """
select change_id, record_key, action, before::text, after::text, guard::text, sequence, attempts
from ops.changes
where plan_id = %s and resource = %s and state = %s and action = any(%s) and sequence > %s
order by sequence
limit %s
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One row of the ledger of plans."""

    plan_id: str
    system: str
    purpose: str
    run_id: str
    undoes_plan_id: str | None
    state: str
    needs_approval: bool
    approval_reason: str
    planned: int
    confirmed: int
    rejected: int
    conflicted: int
    unknown: int
    held: int


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change with what only the ledger knows of it."""

    change: Change
    sequence: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes of a plan are meant: those of one resource in one state."""

    plan_id: str
    resource: Resource
    state: str
    actions: tuple[str, ...] = ACTIONS


def load_plan(connection: Connection, plan_id: str) -> Plan:
    """The plan of that id, or a sentence that says there is none."""
    plan = find_plan(connection, plan_id)
    if plan is None:
        raise ConfigurationError(f"There is no plan {plan_id}; ./concord plan list shows those there are.")
    return plan


def find_plan(connection: Connection, plan_id: str) -> Plan | None:
    """The plan of that id, None where there is none."""
    row = connection.execute(_PLAN, (plan_id,)).fetchone()
    return None if row is None else Plan(*row)  # type: ignore[arg-type]  # the columns are in the class's order


def count_changes(connection: Connection, plan_id: str) -> None:
    """Say in the plan how many changes it holds."""
    connection.execute(_COUNT, {"plan": plan_id})


def close_plan(connection: Connection, plan_id: str, state: str) -> None:
    """Count the ends of a plan's changes; the database refuses it while one has none."""
    connection.execute(_CLOSE, {"plan": plan_id, "state": state})


def load_changes(
    connection: Connection, wanted: Wanted, *, beyond: int = -1, limit: int = 1000
) -> list[StoredChange]:
    """The next of these changes in the plan's order, with values in the contract's types."""
    values = (
        wanted.plan_id,
        wanted.resource.name,
        wanted.state,
        list(wanted.actions),
        beyond,
        limit,
    )
    rows = connection.execute(_CHANGES, values).fetchall()
    return [_as_change(wanted.resource, row) for row in rows]


def _as_change(resource: Resource, row: tuple[object, ...]) -> StoredChange:
    change_id, key, action, before, after, guard, sequence, attempts = row
    change = Change(
        change_id=str(change_id),
        key=None if key is None else str(key),
        action=str(action),
        before=read_values(resource, str(before)),
        after=read_values(resource, str(after)),
        guard=read_values(resource, str(guard)),
    )
    return StoredChange(change, int(str(sequence)), int(str(attempts)))


def read_values(resource: Resource, text: str) -> dict[str, object]:
    """A stored document in the types of the contract: Decimal, int, aware datetime, date, text."""
    return as_kinds(resource, json.loads(text, parse_float=Decimal))


def as_kinds(resource: Resource, values: Mapping[str, object]) -> dict[str, object]:
    """Values of a decoded document in the types of the contract."""
    return {name: _as_kind(resource.field(name).kind, value) for name, value in values.items()}


def _as_kind(kind: Kind, value: object) -> object:
    if value is None:
        return None
    match kind:
        case Kind.DECIMAL:
            return Decimal(str(value))
        case Kind.TIMESTAMP:
            return datetime.fromisoformat(str(value))
        case Kind.DATE:
            return date.fromisoformat(str(value))
    return value
