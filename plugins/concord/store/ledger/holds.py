"""Holds: fields of records that no plan writes until a person lifts them."""

from typing import LiteralString

from psycopg import sql

from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.store.engine import Connection, Row, fetch_rows
from concord.store.ids import id_expression

_FIELDS = """
insert into ops.holds (hold_id, system, resource, record_key, field, undone_plan_id, held_by)
select {hold_id}, undo.system, change.resource, change.record_key, field.name, undo.undoes_plan_id, %(by)s::text
from ops.plans as undo
inner join ops.changes as change on change.plan_id = undo.plan_id and change.state = 'confirmed'
cross join lateral jsonb_object_keys(change.after) as field (name)
where undo.undoes_plan_id = %(plan)s and undo.purpose = 'undo'
on conflict do nothing
"""
_HOLD_ID = id_expression(
    sql.Literal("hold"),
    sql.SQL("undo.plan_id, change.resource, change.record_key, field.name, clock_timestamp()::text"),
    length=12,
)
_LIST: LiteralString = """
select hold_id, system, resource, record_key, field, undone_plan_id, held_by, held_at
from ops.holds where lifted_at is null order by held_at, system, resource, record_key, field
"""
_LIFT: LiteralString = """
update ops.holds set lifted_at = clock_timestamp()
where lifted_at is null and (
    starts_with(hold_id, %(name)s) or starts_with(undone_plan_id, %(name)s)
    or concat_ws('/', system, resource, record_key) = %(name)s
    or concat_ws('/', system, resource, regexp_replace(record_key, '^.*/', '')) = %(name)s
)
returning hold_id
"""


def hold_undone(connection: Connection, plan_id: str, held_by: str) -> int:
    """Hold each field that undos of this plan have put back; how many were not held yet."""
    statement = sql.SQL(_FIELDS).format(hold_id=_HOLD_ID)
    return connection.execute(statement, {"plan": plan_id, "by": held_by}).rowcount


def list_holds(connection: Connection) -> list[Row]:
    """The holds in force, the oldest first.

    Columns: hold_id, system, resource, record_key, field, undone_plan_id, held_by, held_at.
    """
    return fetch_rows(connection, _LIST)


def lift_holds(connection: Connection, name: str) -> int:
    """Lift the hold, or all holds of the undone plan, whose id begins with `name`; how many these are.

    A name may also be a record as `system/resource/key`, with the key whole or what follows its last slash.

    Raises `ConfigurationError` when there is none.
    """
    lifted = connection.execute(_LIFT, {"name": name}).rowcount if name else 0
    if not lifted:
        raise ConfigurationError(f"There is no hold {name!r}; {COMMAND} holds list shows those there are.")
    return lifted
