"""The states of changes, each move with its line in the journal, in the same statement and under the fence."""

import json
from collections.abc import Sequence

from concord.contract import Outcome
from concord.store.dead_letters import settle_letters
from concord.store.engine import Connection
from concord.store.leases import Lease

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
    set state = ends.state, message = ends.message, record_key = coalesce(ends.key, change.record_key),
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
_HELD = """
with moved as (
    update ops.changes set state = 'held', message = %(message)s, ended_at = clock_timestamp()
    where plan_id = %(plan)s and state = 'planned' and (%(resource)s::text is null or resource = %(resource)s)
        and (not %(dangling)s or exists (
            select from jsonb_each_text(after) as field where field.value ~ %(pattern)s
        ))
    returning change_id, attempts
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, 'held', jsonb_build_object('message', %(message)s::text) from moved order by change_id
"""


def mark_sent(connection: Connection, lease: Lease, change_ids: Sequence[str]) -> set[str]:
    """Write down that these are about to be sent; returns those that were still planned."""
    lease.keep(connection)
    rows = connection.execute(_SENT, {"changes": list(change_ids), "fence": lease.fence}).fetchall()
    return {str(row[0]) for row in rows}


def record_ends(
    connection: Connection,
    lease: Lease,
    ends: Sequence[Outcome],
    *,
    states: Sequence[str] = ("sent",),
    returned: Sequence[str] = (),
) -> None:
    """Write down what became of changes in one of `states`; those `returned` are planned again."""
    lease.keep(connection)
    listed = [
        {"change_id": end.change_id, "state": end.end.value, "key": end.key, "message": end.message}
        for end in ends
    ]
    listed += [{"change_id": change_id, "state": "planned", "key": None, "message": ""} for change_id in returned]
    connection.execute(_ENDED, {"ends": json.dumps(listed), "states": list(states)})
    settle_letters(connection, [end.change_id for end in ends])


def hold_dangling(connection: Connection, lease: Lease, plan_id: str, resource: str, pattern: str) -> None:
    """Hold the planned changes whose references name a record that was not created."""
    lease.keep(connection)
    message = "Not sent: it refers to a record whose creation was not confirmed."
    values = {"plan": plan_id, "resource": resource, "dangling": True, "pattern": pattern, "message": message}
    connection.execute(_HELD, values)


def hold_planned(connection: Connection, plan_id: str, message: str) -> None:
    """Hold whatever of the plan was not sent."""
    values = {"plan": plan_id, "resource": None, "dangling": False, "pattern": "", "message": message}
    connection.execute(_HELD, values)
