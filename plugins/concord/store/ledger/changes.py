"""Changes of a plan and how they come to their ends; each step is a line of the journal, in the same statement."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from psycopg import sql

from concord.contract import ARCHIVE, Change, Kind, Outcome, Resource, System
from concord.errors import ConfigurationError
from concord.store.engine import Connection, fetch_texts, fetch_value
from concord.store.leases import Lease
from concord.store.ledger.dead_letters import settle_changes

FIRST = (-1, -1)
ACTIONS = ("create", "update", ARCHIVE)

# The state stands in the statement, because an index of those changes alone that have no end is used by it.
_SELECT = """
select change_id, record_key, action, before::text, after::text, guard::text, sequence, attempts
from ops.changes
where plan_id = %s and resource = %s and state = {state} and action = any(%s) and (attempts, sequence) > (%s, %s)
order by attempts, sequence
limit %s
"""
_WAITING = """
select distinct action from ops.changes where plan_id = %s and resource = %s and state = 'planned'
"""
_SENT = """
with moved as (
    update ops.changes set state = 'sent', attempts = attempts + 1, message = ''
    where change_id = any(%(changes)s) and state = 'planned'
    returning change_id, attempts
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, 'sent', jsonb_build_object('fence', %(fence)s::bigint)
from moved order by change_id
returning change_id
"""
_ENDED = """
with ends as (
    select * from jsonb_to_recordset(%(ends)s::jsonb) as ended (change_id text, state text, key text, message text)
),
moved as (
    update ops.changes as change
    set state = ends.state, message = ends.message,
        record_key = case
            when ends.state = 'planned' then nullif(coalesce(ends.key, change.record_key), '')
            else coalesce(ends.key, change.record_key)
        end,
        ended_at = case when ends.state <> 'planned' then clock_timestamp() end
    from ends
    where change.change_id = ends.change_id and change.state = any(%(states)s) and change.state <> ends.state
    returning change.change_id, change.attempts, change.state, change.record_key, change.message
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, case state when 'planned' then 'returned' else state end,
    jsonb_strip_nulls(jsonb_build_object('key', record_key, 'message', nullif(message, '')))
from moved order by change_id
"""
# A record that was found at the target while its creation had steps left: the writer finishes it.
_BEGUN = """
select count(*) from ops.changes
where plan_id = %s and action = 'create' and (
    (state = 'planned' and record_key is not null) or (state = 'unknown' and resource = any(%s))
)
"""
_TRIED = "Tried without an effect at the target; the next plan contains it if it is still needed."
_HELD = """
with moved as (
    update ops.changes
    set state = 'held', ended_at = clock_timestamp(),
        message = case when attempts > 0 then %(tried)s else %(message)s end
    where plan_id = %(plan)s and state = 'planned' and (action <> 'create' or record_key is null)
        and (%(pattern)s = '' or exists (
            select from jsonb_each_text(after) as field where field.value ~ %(pattern)s
        ))
        and (%(resource)s = '' or (resource = %(resource)s and after ? %(field)s))
    returning change_id, attempts, message
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, 'held', jsonb_build_object('message', message) from moved order by change_id
"""
_RESOLVED = """
update ops.changes as change set after = resolved.after
from (
    select child.change_id,
        jsonb_object_agg(field.key, coalesce(to_jsonb(parent.record_key), field.value)) as after
    from ops.changes as child
    cross join lateral jsonb_each(child.after) as field
    left join lateral (
        select made.record_key from ops.changes as made
        inner join ops.plans on plans.plan_id = made.plan_id
        where plans.system = %(system)s and made.action = 'create' and made.state = 'confirmed'
            and field.value #>> '{}' ~ %(pattern)s
            and made.resource = split_part(substr(field.value #>> '{}', 2), '/', 1)
            and made.entity_id = regexp_replace(field.value #>> '{}', %(pattern)s, '')
        order by made.plan_id = child.plan_id desc, made.ended_at desc, made.change_id
        limit 1
    ) as parent on true
    where child.plan_id = %(plan)s and child.resource = %(resource)s and child.state = 'planned'
        and exists (select from jsonb_each_text(child.after) as text where text.value ~ %(pattern)s)
    group by child.change_id
) as resolved
where change.change_id = resolved.change_id and change.after <> resolved.after
"""


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change with what only the ledger knows of it: its place in the plan and how often it was sent."""

    change: Change
    sequence: int
    attempts: int

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among the changes of its selection."""
        return self.attempts, self.sequence


@dataclass(frozen=True, slots=True)
class Selection:
    """Which changes of a plan are meant: those of one resource in one state, with one of the actions."""

    plan_id: str
    resource: Resource
    state: str
    actions: tuple[str, ...] = ACTIONS


def load_changes(
    connection: Connection, selection: Selection, *, after: tuple[int, int] = FIRST, limit: int = 1000
) -> list[StoredChange]:
    """The next changes behind the place `after`, in the contract's types.

    Those that were sent less often come first, and of them those that come first in the plan.
    """
    statement = sql.SQL(_SELECT).format(state=sql.Literal(selection.state))
    values = (selection.plan_id, selection.resource.name, list(selection.actions), *after, limit)
    return [_as_change(selection, row) for row in connection.execute(statement, values).fetchall()]


def _as_change(selection: Selection, row: tuple[object, ...]) -> StoredChange:
    resource, state = selection.resource, selection.state
    change_id, key, action, before, after, guard, sequence, attempts = row
    is_to_make = action == "create" and state == "planned"  # the writer finds what is there already
    change = Change(
        change_id=str(change_id),
        key=None if key is None or is_to_make else str(key),
        action=str(action),
        before=_read_values(resource, str(before)),
        after=_read_values(resource, str(after)),
        guard=_read_values(resource, str(guard)),
    )
    return StoredChange(change, int(str(sequence)), int(str(attempts)))


def _read_values(resource: Resource, text: str) -> dict[str, object]:
    values = json.loads(text, parse_float=Decimal)
    known = {item.name for item in resource.fields}
    if missing := sorted(set(values) - known):
        raise ConfigurationError(
            f"A change of {resource.name} holds {', '.join(missing)}, which is not there any more. Give the login "
            "the permission to see it and read the night again, or finish the record by hand.",
            resource=resource.name,
        )
    return as_kinds(resource, values)


def as_kinds(resource: Resource, values: Mapping[str, object]) -> dict[str, object]:
    """Values of decoded JSON in the types of the contract: Decimal, int, aware datetime, date, text."""
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


def list_waiting_actions(connection: Connection, plan_id: str, resource: Resource) -> list[str]:
    """The actions of the resource's changes that were not sent, in the order in which they are sent."""
    found = fetch_texts(connection, _WAITING, (plan_id, resource.name))
    return [action for action in ACTIONS if action in found]


def mark_sent(connection: Connection, lease: Lease, change_ids: Sequence[str]) -> set[str]:
    """Write down that these are about to be sent; returns the ids of those that were still planned.

    Raises `TransientError` when another worker took over the lease.
    """
    lease.keep(connection)
    return set(fetch_texts(connection, _SENT, {"changes": list(change_ids), "fence": lease.fence}))


def record_ends(
    connection: Connection,
    lease: Lease,
    ends: Sequence[Outcome],
    *,
    states: Sequence[str] = ("sent",),
    returned: Sequence[Change] = (),
) -> None:
    """Write down what became of changes in one of `states`; those `returned` are planned again.

    A create that is returned with a key was begun: its record is at the target, and steps of it are left. An empty
    key means that the target holds no record of it, None that nothing new is known of it.
    Raises `TransientError` when another worker took over the lease.
    """
    lease.keep(connection)
    listed = [
        {"change_id": end.change_id, "state": end.end.value, "key": end.key, "message": end.message}
        for end in ends
    ]
    listed += [
        {"change_id": change.change_id, "state": "planned", "key": change.key, "message": ""}
        for change in returned
    ]
    connection.execute(_ENDED, {"ends": json.dumps(listed), "states": list(states)})
    settle_changes(connection, [end.change_id for end in ends])


def hold_planned(connection: Connection, plan_id: str, message: str, *, pattern: str = "") -> None:
    """Hold the plan's changes that have no effect; with a regular expression only those with a value like it.

    `message` is for those that were never sent. A create that was begun is not held, as it is to be finished.
    """
    values = {"plan": plan_id, "message": message, "tried": _TRIED, "pattern": pattern}
    connection.execute(_HELD, {**values, "resource": "", "field": ""})


def hold_lacking(connection: Connection, plan_id: str, resource: Resource, name: str) -> None:
    """Hold the plan's changes of a field that the account has no more, as far as they have no effect."""
    message = f"Not sent: the account has no {name} any more."
    values = {"plan": plan_id, "message": message, "tried": message, "pattern": ""}
    connection.execute(_HELD, {**values, "resource": resource.name, "field": name})


def count_begun(connection: Connection, plan_id: str, system: System) -> int:
    """How many creates of the plan have made, or may have made, a record that still needs some of its steps."""
    finished = [item.name for item in system.resources if item.writes and item.writes.writer.finishes_creates]
    return int(str(fetch_value(connection, _BEGUN, (plan_id, finished))))


def resolve_references(connection: Connection, plan_id: str, system: System, resource: Resource) -> None:
    """Replace references to records that were created meanwhile by their keys; others stay as they are."""
    pattern = reference_pattern(system)
    values = {"plan": plan_id, "system": system.name, "resource": resource.name, "pattern": pattern}
    connection.execute(_RESOLVED, values)


def reference_pattern(system: System) -> str:
    """The regular expression of a reference to a record created in the same plan: `@resource/entity_id`."""
    return f"^@({'|'.join(re.escape(resource.name) for resource in system.resources)})/"
