"""The states of changes, each move with its line in the journal, in the same statement and under the fence."""

import json
import re
from collections.abc import Sequence

from concord.contract import Outcome, Resource, System
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
    set state = ends.state, message = ends.message,
        record_key = case
            when ends.state = 'planned' and change.action = 'create' then null
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
_HELD = """
with moved as (
    update ops.changes set state = 'held', message = %(message)s, ended_at = clock_timestamp()
    where plan_id = %(plan)s and state = 'planned' and (%(pattern)s = '' or exists (
        select from jsonb_each_text(after) as field where field.value ~ %(pattern)s
    ))
    returning change_id, attempts
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, 'held', jsonb_build_object('message', %(message)s::text) from moved order by change_id
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


def hold_planned(connection: Connection, plan_id: str, message: str, *, pattern: str = "") -> None:
    """Hold what of the plan was not sent; with a pattern only changes that have a value like it."""
    connection.execute(_HELD, {"plan": plan_id, "message": message, "pattern": pattern})


def resolve_references(connection: Connection, plan_id: str, system: System, resource: Resource) -> None:
    """Put the keys of confirmed creates in the place of references to them; others stay as they are."""
    values = {
        "plan": plan_id,
        "system": system.name,
        "resource": resource.name,
        "pattern": reference_pattern(system),
    }
    connection.execute(_RESOLVED, values)


def reference_pattern(system: System) -> str:
    """What a value looks like that names a record created in the same plan: `@resource/entity_id`."""
    return f"^@({'|'.join(re.escape(resource.name) for resource in system.resources)})/"
