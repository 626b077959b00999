"""Plans: opened, judged, decided on, closed; and the lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from concord.contract import System
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.store.engine import Connection, Row, fetch_rows, fetch_texts, fetch_value, lock_name
from concord.store.statistics import refresh_statistics

_PLAN = """
select plan_id, system, purpose, run_id, undoes_plan_id, state, needs_approval, coalesce(approval_reason, ''),
    approved_by, created_at, planned, confirmed, rejected, conflicted, unknown, held
from ops.plans
"""
_OPEN = """
insert into ops.plans (plan_id, system, purpose, run_id, undoes_plan_id, state)
values (%s, %s, %s, %s, %s, 'planned') on conflict (plan_id) do nothing
"""
_COUNT = """
update ops.plans set planned = (select count(*) from ops.changes where plan_id = %(plan)s)
where plan_id = %(plan)s
"""
_APPROVE = "update ops.plans set state = 'approved', approved_by = %s where plan_id = %s and state = 'planned'"
_RECOUNT = """
update ops.plans set state = coalesce(%(state)s::text, state),
    finished_at = case when %(state)s::text is null then finished_at else clock_timestamp() end,
    planned = counted.planned, confirmed = counted.confirmed, rejected = counted.rejected,
    conflicted = counted.conflicted, unknown = counted.unknown, held = counted.held
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
_UNDECIDED = """
select plan_id from ops.plans
where system = %s and purpose = 'write_back' and state = 'planned' and plan_id <> %s order by created_at, plan_id
for update
"""
_OPEN_BEFORE = """
select plan_id from ops.plans
where system = %s and purpose = 'write_back' and state = 'approved' and plan_id <> %s
    and created_at < (select created_at from ops.plans where plan_id = %s)
order by created_at
"""
_HAS_NEWER = """
select exists (
    select from ops.plans as newer inner join ops.plans as own on newer.system = own.system
    where own.plan_id = %s and own.purpose = 'write_back' and newer.purpose = 'write_back'
        and newer.created_at > own.created_at
)
"""
REPLACED = "a newer plan"  # what declines a plan of an earlier night
_OF_NIGHT: LiteralString = """
select
    plan_id, system, purpose, state, needs_approval, approval_reason, approved_by, planned,
    confirmed, rejected, conflicted, unknown, held, created_at,
    (select count(*) from ops.changes as change
     where change.plan_id = plan.plan_id and change.is_verified) as verified
from ops.plans as plan
where created_at < %(until)s
    and (run_id = %(run)s or created_at >= %(since)s or (state = 'planned' and planned > 0))
order by created_at, system, plan_id
"""
_UNSETTLED: LiteralString = """
select
    plans.system, plans.plan_id,
    count(*) filter (where changes.state = 'sent') as sent,
    count(*) filter (where changes.state = 'unknown') as unknown,
    count(*) filter (where changes.is_verified = false) as differing,
    count(*) filter (
        where plans.state = 'approved' and changes.state = 'planned' and changes.action = 'create'
            and changes.record_key is not null
    ) as begun,
    count(*) filter (where changes.state = 'held' and changes.attempts > 0) as tried
from ops.changes
inner join ops.plans using (plan_id)
where plans.created_at between %s and %s
group by plans.system, plans.plan_id
order by plans.system, plans.plan_id
"""
_WAITING: LiteralString = """
select system, plan_id, planned from ops.plans
where state = 'planned' and needs_approval and created_at < %s
order by created_at
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan as it is kept; `planned` is the sum of the five numbers after it once the plan is closed."""

    plan_id: str
    system: str
    purpose: str
    run_id: str
    undoes_plan_id: str | None
    state: str
    needs_approval: bool
    approval_reason: str
    approved_by: str | None
    created_at: datetime
    planned: int
    confirmed: int
    rejected: int
    conflicted: int
    unknown: int
    held: int


def lock_plans(connection: Connection, system: System) -> None:
    """Wait until no other transaction plans for the system, and keep others from it until this one ends."""
    lock_name(connection, f"plan:{system.name}")


def open_plan(
    connection: Connection, system: System, plan_id: str, *, run_id: str, undoes: str | None = None
) -> bool:
    """Begin a plan, or begin it anew while nobody decided on it: the changes it held are deleted.

    `undoes` is the id of the plan that this one takes back, None for a write-back. Returns False, and changes
    nothing, when the plan was decided on.
    """
    found = find_plan(connection, plan_id)
    if found is not None and found.state != "planned":
        return False
    connection.execute(_OPEN, (plan_id, system.name, "undo" if undoes else "write_back", run_id, undoes))
    connection.execute("delete from ops.changes where plan_id = %s", (plan_id,))
    return True


def load_plan(connection: Connection, plan_id: str) -> Plan:
    """The plan of that id; `ConfigurationError` when there is none."""
    plan = find_plan(connection, plan_id)
    if plan is None:
        raise ConfigurationError(f"There is no plan {plan_id}; {COMMAND} plan list shows those there are.")
    return plan


def find_plan(connection: Connection, plan_id: str) -> Plan | None:
    """The plan of that id, None when there is none."""
    return next(iter(_read_plans(connection, " where plan_id = %s", plan_id)), None)


def find_undo(connection: Connection, plan_id: str) -> Plan | None:
    """The newest plan that takes this one back, None when there is none."""
    ending: LiteralString = " where undoes_plan_id = %s order by created_at desc limit 1"
    return next(iter(_read_plans(connection, ending, plan_id)), None)


def list_plans(connection: Connection, limit: int) -> list[Plan]:
    """The newest plans, the newest first."""
    return _read_plans(connection, " order by created_at desc, plan_id limit %s", limit)


def _read_plans(connection: Connection, ending: LiteralString, *values: object) -> list[Plan]:
    rows = connection.execute(_PLAN + ending, values)
    return [Plan(*row) for row in rows]  # type: ignore[arg-type]  # the columns are in the class's order


def find_plan_ids(connection: Connection, prefix: str) -> list[str]:
    """The ids that begin so, two at most."""
    query = "select plan_id from ops.plans where starts_with(plan_id, %s) order by plan_id limit 2"
    return fetch_texts(connection, query, (prefix,))


def count_changes(connection: Connection, plan_id: str) -> None:
    """Write down how many changes the plan holds, after all of them were inserted."""
    refresh_statistics(connection, sql.Identifier("ops", "changes"))
    connection.execute(_COUNT, {"plan": plan_id})


def record_judgement(connection: Connection, plan_id: str, reasons: Sequence[str]) -> None:
    """Write down why a person must decide on the plan; without a reason nobody need."""
    connection.execute(
        "update ops.plans set needs_approval = %s, approval_reason = %s where plan_id = %s",
        (bool(reasons), " ".join(reasons) or None, plan_id),
    )


def approve_plan(connection: Connection, plan_id: str, by: str) -> None:
    """Mark an undecided plan as approved by this person or policy."""
    connection.execute(_APPROVE, (by, plan_id))


def decline_plan(connection: Connection, plan_id: str, by: str) -> None:
    """Close the plan as declined by this person or policy; its changes must have come to their ends before."""
    connection.execute("update ops.plans set approved_by = %s where plan_id = %s", (by, plan_id))
    close_plan(connection, plan_id, "declined")


def close_plan(connection: Connection, plan_id: str, state: str) -> None:
    """Count the ends of the plan's changes and close it; the database refuses it while a change has no end."""
    connection.execute(_RECOUNT, {"plan": plan_id, "state": state})


def recount_plan(connection: Connection, plan_id: str) -> None:
    """Count the ends of the plan's changes again, after some of them turned out to be otherwise."""
    connection.execute(_RECOUNT, {"plan": plan_id, "state": None})


def lock_undecided(connection: Connection, system: System, plan_id: str) -> list[str]:
    """The ids of the system's other write-back plans that nobody decided on, oldest first; they are locked."""
    return fetch_texts(connection, _UNDECIDED, (system.name, plan_id))


def list_open_before(connection: Connection, system: System, plan_id: str) -> list[str]:
    """The ids of older write-back plans that were approved and not closed, by age."""
    return fetch_texts(connection, _OPEN_BEFORE, (system.name, plan_id, plan_id))


def has_newer_plan(connection: Connection, plan_id: str) -> bool:
    """Whether a write-back of the same system was planned after this write-back."""
    return bool(fetch_value(connection, _HAS_NEWER, (plan_id,)))


def list_of_night(connection: Connection, *, run_id: str | None, since: datetime, until: datetime) -> list[Row]:
    """The plans of a run, those made in [since, until), and older ones that are undecided; oldest first.

    Columns: those of the table, and `verified`, the number of changes that were read back as written.
    """
    return fetch_rows(connection, _OF_NIGHT, {"run": run_id, "since": since, "until": until})


def count_unsettled(connection: Connection, since: datetime, until: datetime) -> list[Row]:
    """For each plan made from `since` to `until`: how many of its changes did not end well.

    Columns: system, plan_id, sent (and nothing heard since), unknown, differing (not read back as written), begun
    (new records with steps left), tried (held after they were sent).
    """
    return fetch_rows(connection, _UNSETTLED, (since, until))


def list_waiting(connection: Connection, before: datetime) -> list[Row]:
    """Plans made before a moment for which a person's decision is still missing, oldest first."""
    return fetch_rows(connection, _WAITING, (before,))
