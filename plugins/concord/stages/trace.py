"""Every hop of one record through Concord, in the order of time: read, judged, identified, planned, written."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import PLANNER, Connection, Database
from concord.store.tables import table_name, validated_table

_BATCHES = """
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
_IDENTITY = """
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
_PLANS = """
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
_LETTERS = """
select first_seen_at, 'dead letter', 'set aside by ' || stage, dead_letter_id,
    message || case state when 'open' then ' (open, attempts: ' || attempts || ')' else '' end
from ops.dead_letters where system = %(system)s and record_key = %(key)s
union all
select last_seen_at, 'dead letter', case state when 'resolved' then 'settled' else 'offered again' end,
    dead_letter_id, ''
from ops.dead_letters where system = %(system)s and record_key = %(key)s and state <> 'open'
"""
_VALIDATED = """
select coalesce(batches.finished_at, batches.landed_at), 'validated',
    case when held._is_deleted then 'held as deleted' else 'held' end, held._batch_id,
    (to_jsonb(held) - array['_key', '_batch_id', '_payload_hash', '_is_deleted'])::text
from {table} as held left join ops.batches on batches.batch_id = held._batch_id
where held._key = %(key)s
"""


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that happened to a record; `batch_or_plan` is the id under which the ledger knows it."""

    at: datetime | None
    stage: str
    what: str
    batch_or_plan: str
    detail: str


def trace(database: Database, *, system: System, key: str) -> list[Hop]:
    """All hops of the records with this key, oldest first; the state that is held now comes last."""
    values = {"system": system.name, "key": key}
    with database.transaction(PLANNER) as connection:
        rows = [
            row
            for query in (_BATCHES, _IDENTITY, _PLANS, _LETTERS)
            for row in connection.execute(query, values).fetchall()
        ]
        held = [
            row
            for resource in system.resources
            if _is_stored(connection, system, resource)
            for row in _read_held(connection, system, resource, values)
        ]
    ordered = sorted((_as_hop(row) for row in rows), key=_moment)
    return [*ordered, *(_as_hop(row) for row in held)]


def _is_stored(connection: Connection, system: System, resource: Resource) -> bool:
    name = f"validated.{table_name(system, resource)}"
    row = connection.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return bool(row and row[0])


def _read_held(
    connection: Connection, system: System, resource: Resource, values: dict[str, str]
) -> list[tuple[object, ...]]:
    statement = sql.SQL(_VALIDATED).format(table=validated_table(system, resource))
    rows = connection.execute(statement, values).fetchall()
    return [(row[0], row[1], f"{row[2]} in {resource.name}", *row[3:]) for row in rows]


def _as_hop(row: tuple[object, ...]) -> Hop:
    at, stage, what, reference, detail = row
    moment = at if isinstance(at, datetime) else None
    return Hop(moment, str(stage), str(what), str(reference or ""), str(detail or ""))


def _moment(hop: Hop) -> tuple[float, int]:
    order = ("extract", "validate", "dead letter", "identify", "plan", "apply", "verify").index(hop.stage)
    return (hop.at.timestamp() if hop.at else float("-inf"), order)
