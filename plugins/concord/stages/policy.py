"""Which plans are small and harmless enough to pass without a person; the limits are the business's seed.

A row of `approval_policy` speaks of one resource and action, or of all with `*`; the most specific row that
states a limit decides it. What no row covers, a person decides. An archive is covered by rows that name it only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from concord.contract import ARCHIVE, System
from concord.store.engine import Connection
from concord.store.tables import validated_table

ANY = "*"

_ROWS = """
select coalesce(nullif(system, ''), '*'), coalesce(nullif(resource, ''), '*'), coalesce(nullif(action, ''), '*'),
    max_changes::numeric, max_share_percent::numeric, coalesce(field, ''), max_relative_change_percent::numeric
from marts.approval_policy
where coalesce(nullif(system, ''), '*') in ('*', %s)
order by 1, 2, 3, 6
"""
_GROUPS = """
select resource, action, count(*) from ops.changes
where plan_id = %s and state = 'planned' group by resource, action order by min(sequence)
"""
_LEAPS = """
select count(*) from ops.changes
where plan_id = %(plan)s and resource = %(resource)s and action = %(action)s
    and jsonb_typeof(before -> %(field)s) = 'number' and jsonb_typeof(after -> %(field)s) = 'number'
    and abs((after ->> %(field)s)::numeric - (before ->> %(field)s)::numeric) * 100
        > %(limit)s * abs((before ->> %(field)s)::numeric)
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


@dataclass(frozen=True, slots=True)
class _Row:
    system: str
    resource: str
    action: str
    max_changes: Decimal | None
    max_share_percent: Decimal | None
    field: str
    max_relative_change_percent: Decimal | None

    def covers(self, resource: str, action: str) -> bool:
        is_meant = self.action == action or (self.action == ANY and action != ARCHIVE)
        return self.resource in (ANY, resource) and is_meant

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        return self.resource != ANY, self.action != ANY, self.system != ANY


@dataclass(frozen=True, slots=True)
class _Group:
    resource: str
    action: str
    count: int

    def __str__(self) -> str:
        return f"{self.count} {self.action}{'' if self.count == 1 else 's'} of {self.resource}"


def judge_plan(connection: Connection, system: System, plan_id: str) -> list[str]:
    """Why a person must decide, one sentence per reason; empty for a plan within the limits."""
    found = connection.execute(_GROUPS, (plan_id,)).fetchall()
    groups = [_Group(str(resource), str(action), int(str(count))) for resource, action, count in found]
    if not groups:
        return []
    reasons = list(_undone(connection, system, plan_id))
    present = connection.execute("select to_regclass('marts.approval_policy') is not null").fetchone()
    if not (present and present[0]):
        return [*reasons, "There is no approval policy (marts.approval_policy), so a person decides."]
    rows = [_Row(*row) for row in connection.execute(_ROWS, (system.name,)).fetchall()]  # type: ignore[arg-type]  # the columns are in the class's order
    for group in groups:
        covering = sorted(
            (row for row in rows if row.covers(group.resource, group.action)),
            key=lambda row: row.weight,
            reverse=True,
        )
        reasons += _judge_amount(connection, system, group, covering)
        reasons += _judge_leaps(connection, plan_id, group, covering)
    return reasons


def _undone(connection: Connection, system: System, plan_id: str) -> Iterator[str]:
    row = connection.execute(_UNDONE, {"plan": plan_id, "system": system.name}).fetchone()
    if row and int(str(row[0])):
        yield f"{row[0]} of the changes repeat what a person had undone before."


def _judge_amount(connection: Connection, system: System, group: _Group, rows: list[_Row]) -> Iterator[str]:
    most = next((row.max_changes for row in rows if row.max_changes is not None), None)
    share = next((row.max_share_percent for row in rows if row.max_share_percent is not None), None)
    if most is None and share is None:
        yield f"No approval policy covers {group.action}s of {group.resource}."
    if most is not None and group.count > most:
        yield f"{group} are more than the {most:f} that pass without approval."
    if share is not None:
        total = _count_known(connection, system, group.resource)
        if group.count * 100 > share * total:
            yield f"{group} touch more than {share:f} % of the {total} known."


def _count_known(connection: Connection, system: System, resource: str) -> int:
    table = validated_table(system, system.resource(resource))
    row = connection.execute(sql.SQL("select count(*) from {} where not _is_deleted").format(table)).fetchone()
    return int(str(row[0])) if row else 0


def _judge_leaps(connection: Connection, plan_id: str, group: _Group, rows: list[_Row]) -> Iterator[str]:
    judged: set[str] = set()
    for row in rows:
        limit = row.max_relative_change_percent
        if limit is None or not row.field or row.field in judged:
            continue
        judged.add(row.field)
        values = {
            "plan": plan_id,
            "resource": group.resource,
            "action": group.action,
            "field": row.field,
            "limit": limit,
        }
        found = connection.execute(_LEAPS, values).fetchone()
        if found and int(str(found[0])):
            yield f"{found[0]} of the {group} move {row.field} by more than {limit:f} %."
