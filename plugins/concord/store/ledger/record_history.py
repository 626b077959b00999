"""What the ledger knows of one record, as events: a moment, the step, what happened, an id and details."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection
from concord.store.tables import validated_table

Event = tuple[object, ...]

_BATCHES: LiteralString = """
select batches.landed_at, 'extract',
    case batches.purpose when 'replay' then 'replayed with ' when 'read_back' then 'read back with '
        else 'read with ' end || batches.resource,
    batches.batch_id,
    coalesce('window ' || batches.covered_window::text || ', ', '')
        || batches.received || case batches.received when 1 then ' record' else ' records' end
from ops.dispositions inner join ops.batches on batches.batch_id = dispositions.batch_id
where batches.system = %(system)s and dispositions.record_key = %(key)s
union all
select coalesce(batches.finished_at, batches.landed_at), 'validate', dispositions.disposition,
    batches.batch_id, coalesce(dispositions.reason, batches.resource)
from ops.dispositions inner join ops.batches on batches.batch_id = dispositions.batch_id
where batches.system = %(system)s and dispositions.record_key = %(key)s
"""
_IDENTITY: LiteralString = """
select since_at, 'identify', entity || ' ' || golden_id, golden_id,
    'matched by ' || match_rule || ' with confidence ' || match_confidence
from ops.identities where system = %(system)s and record_key = %(key)s
union all
select events.happened_at, 'identify', events.event, events.run_id,
    events.from_golden_id || ' became ' || events.to_golden_id
from ops.identities as known
inner join ops.identity_events as events
    on events.entity = known.entity and known.golden_id in (events.from_golden_id, events.to_golden_id)
where known.system = %(system)s and known.record_key = %(key)s
"""
_PLANS: LiteralString = """
select plans.created_at, 'plan', changes.action || ' of ' || changes.resource, plans.plan_id,
    changes.before::text || ' to ' || changes.after::text || ', ' || changes.reason
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where plans.system = %(system)s and changes.record_key = %(key)s
union all
select journal.happened_at, 'apply', journal.event, plans.plan_id,
    'attempt ' || journal.attempt || coalesce(', ' || (journal.detail ->> 'message'), '')
from ops.journal
inner join ops.changes on changes.change_id = journal.change_id
inner join ops.plans on plans.plan_id = changes.plan_id
where plans.system = %(system)s and changes.record_key = %(key)s
union all
select coalesce(plans.finished_at, changes.ended_at), 'verify',
    case when changes.is_verified then 'as written' else 'not as written' end, plans.plan_id, changes.resource
from ops.changes inner join ops.plans on plans.plan_id = changes.plan_id
where plans.system = %(system)s and changes.record_key = %(key)s and changes.is_verified is not null
"""
_DEAD_LETTERS: LiteralString = """
select first_seen_at, 'dead letter', 'set aside by ' || stage, dead_letter_id,
    message || case state when 'open' then ' (open, attempts: ' || attempts || ')' else '' end
from ops.dead_letters where system = %(system)s and record_key = %(key)s
union all
select last_seen_at, 'dead letter', case state when 'resolved' then 'settled' else 'replayed' end,
    dead_letter_id, ''
from ops.dead_letters where system = %(system)s and record_key = %(key)s and state <> 'open'
"""
_HELD = """
select coalesce(batches.finished_at, batches.landed_at), 'validated',
    case when held._is_deleted then 'held as deleted' else 'held' end, held._batch_id,
    (to_jsonb(held) - array['_key', '_batch_id', '_payload_hash', '_is_deleted'])::text
from {table} as held left join ops.batches on batches.batch_id = held._batch_id
where held._key = %(key)s
"""

_KEYS: LiteralString = """
select record_key from ops.dead_letters where system = %(system)s and position(%(part)s in record_key) > 0
union
select changes.record_key from ops.changes inner join ops.plans using (plan_id)
where plans.system = %(system)s and position(%(part)s in changes.record_key) > 0
union
select record_key from ops.identities where system = %(system)s and position(%(part)s in record_key) > 0
"""
_HELD_KEYS = "select _key from {table} where position(%(part)s in _key) > 0"


def find_keys(connection: Connection, system: System, resources: Iterable[Resource], part: str) -> list[str]:
    """The keys in the ledger and in these resources that hold the part and have it in common with it, sorted."""
    values = {"system": system.name, "part": part}
    found = {str(row[0]) for row in connection.execute(_KEYS, values).fetchall()}
    for resource in resources:
        statement = sql.SQL(_HELD_KEYS).format(table=validated_table(system, resource))
        found |= {str(row[0]) for row in connection.execute(statement, values).fetchall()}
    return sorted(key for key in found if system.common_key(key) == part)


def list_events(connection: Connection, system: System, key: str) -> list[Event]:
    """Everything that happened to the records with this key in any resource of the system, in no order."""
    values = {"system": system.name, "key": key}
    queries = (_BATCHES, _IDENTITY, _PLANS, _DEAD_LETTERS)
    return [row for query in queries for row in connection.execute(query, values).fetchall()]


def read_held(connection: Connection, system: System, resource: Resource, key: str) -> list[Event]:
    """What the validated table holds of the record now, as an event at the time of its batch."""
    statement = sql.SQL(_HELD).format(table=validated_table(system, resource))
    return connection.execute(statement, {"key": key}).fetchall()
