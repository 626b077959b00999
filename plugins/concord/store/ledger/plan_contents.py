"""What a plan holds, for those who judge it and show it."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from concord.contract import System
from concord.store.engine import Connection, Row, fetch_rows, fetch_value

_BY_ACTION = """
select resource, action, count(*) as count from ops.changes
where plan_id = %s and state = 'planned' group by resource, action order by min(sequence)
"""
_BY_FIELD = """
select changes.resource, changes.action, field.name, count(*) as count
from ops.changes
cross join lateral jsonb_object_keys(
    case when changes.after = '{}' then changes.before else changes.after end
) as field (name)
where plan_id = %s
group by 1, 2, 3
order by min(changes.sequence), 3
"""
_EMPTIED = """
select count(*) from ops.changes
cross join lateral jsonb_each(changes.after) as field
where plan_id = %s and resource = %s and action = %s and state = 'planned' and field.value in ('null', '""')
    and coalesce(changes.before -> field.key, 'null') not in ('null', '""')
"""
_UNDONE = """
select count(*) from ops.changes as change
where change.plan_id = %(plan)s and change.state = 'planned' and exists (
    select from ops.plans as undo
    inner join ops.changes as undone on undone.plan_id = undo.undoes_plan_id
    inner join ops.changes as inverse
        on inverse.plan_id = undo.plan_id and inverse.resource = undone.resource
        and inverse.record_key = undone.record_key and inverse.state = 'confirmed'
    where undo.system = %(system)s and undo.purpose = 'undo' and undo.plan_id <> change.plan_id
        and undone.resource = change.resource and undone.record_key = change.record_key
        and undone.after @> change.after
)
"""
_LIST: LiteralString = """
select sequence, resource, entity_id, record_key, action, before::text, after::text, guard::text,
    reason, state, message
from ops.changes where plan_id = %s order by sequence limit %s
"""


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one resource with one action, and how many they are."""

    resource: str
    action: str
    count: int

    def __str__(self) -> str:
        return f"{self.count} {self.action}{'' if self.count == 1 else 's'} of {self.resource}"


def group_by_action(connection: Connection, plan_id: str) -> list[ChangeGroup]:
    """The changes still to be sent by resource and action, in the plan's order."""
    return [ChangeGroup(**row) for row in fetch_rows(connection, _BY_ACTION, (plan_id,))]


def count_by_field(connection: Connection, plan_id: str) -> list[Row]:
    """All changes by resource, action and field, in the plan's order: resource, action, name, count."""
    return fetch_rows(connection, _BY_FIELD, (plan_id,))


def count_emptied(connection: Connection, plan_id: str, group: ChangeGroup) -> int:
    """How many values the group's changes still to be sent take away."""
    return int(fetch_value(connection, _EMPTIED, (plan_id, group.resource, group.action)))


def count_undone(connection: Connection, plan_id: str, system: System) -> int:
    """How many changes still to be sent write again what an earlier plan wrote and a person took back."""
    return int(fetch_value(connection, _UNDONE, {"plan": plan_id, "system": system.name}))


def count_kept(connection: Connection, plan_id: str) -> int:
    """How many changes of the plan there still are; what is older than the journal is kept may be gone."""
    return int(fetch_value(connection, "select count(*) from ops.changes where plan_id = %s", (plan_id,)))


def list_changes(connection: Connection, plan_id: str, limit: int | None = None) -> list[Row]:
    """The plan's changes in its order, the first `limit` of them, or all when it is None.

    Columns: sequence, resource, entity_id, record_key, action, before, after, guard (values by field, fractions as
    Decimal), reason, state, message.
    """
    rows = fetch_rows(connection, _LIST, (plan_id, limit))
    for row in rows:
        row |= {name: json.loads(row[name], parse_float=Decimal) for name in ("before", "after", "guard")}
    return rows
