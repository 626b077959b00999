"""Changes a target refused, kept with their content: the same change is not sent again until it is replayed."""

from collections.abc import Sequence

from psycopg import sql

from concord.store.engine import Connection

_CONTENT_ID = """left(encode(sha256(convert_to(concat_ws(chr(31), 'apply', {system}, {change}.resource,
    {change}.entity_id, {change}.action, {change}.before::text, {change}.after::text), 'utf8')), 'hex'), 24)"""
_REJECTED = """
insert into ops.dead_letters as letter (
    dead_letter_id, stage, system, resource, record_key, error_class, message, change_id, payload
)
select {content_id},
    'apply', plans.system, changes.resource, coalesce(changes.record_key, changes.entity_id),
    'ChangeRejectedError', changes.message, changes.change_id,
    jsonb_build_object('action', changes.action, 'before', changes.before, 'after', changes.after)::text
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where changes.change_id = any(%s) and changes.state = 'rejected'
order by changes.sequence
on conflict (dead_letter_id) do update
set state = 'open', message = excluded.message, change_id = excluded.change_id,
    attempts = letter.attempts + case when letter.change_id <> excluded.change_id then 1 else 0 end,
    last_seen_at = clock_timestamp()
"""
_CONFIRMED = """
update ops.dead_letters as letter set state = 'resolved', last_seen_at = clock_timestamp()
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where changes.change_id = any(%s) and changes.state = 'confirmed'
    and letter.dead_letter_id = {content_id} and letter.state <> 'resolved'
"""
_RELEASE = """
update ops.dead_letters set state = 'replayed', last_seen_at = clock_timestamp()
where dead_letter_id = any(%s) and stage = 'apply' and system = %s and resource = %s and state = 'open'
"""


def content_id(*, system: sql.SQL, change: sql.SQL) -> sql.Composed:
    """SQL for a refused change's letter: made of content, so that the next night's plan finds it again."""
    return sql.SQL(_CONTENT_ID).format(system=system, change=change)


def settle_letters(connection: Connection, change_ids: Sequence[str]) -> None:
    """Open a dead letter for each rejected change of these, resolve that of each confirmed one."""
    identifier = content_id(system=sql.SQL("plans.system"), change=sql.SQL("changes"))
    for statement in (_REJECTED, _CONFIRMED):
        connection.execute(sql.SQL(statement).format(content_id=identifier), (list(change_ids),))


def release_changes(connection: Connection, dead_letter_ids: Sequence[str], *, system: str, resource: str) -> int:
    """Let the next plan contain these refused changes again; returns how many were open."""
    return connection.execute(_RELEASE, (list(dead_letter_ids), system, resource)).rowcount
