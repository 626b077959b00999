"""Finds the records of all systems that are the same thing: links become clusters, clusters keep their golden ids.

All of it is SQL over whole tables. The same links over the same stored identities end in the same rows.
"""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from concord.errors import BatchError
from concord.failpoints import failpoint
from concord.store.engine import PLANNER, Connection, Database, fetch_value, lock_name
from concord.store.ids import id_expression

ENTITIES = (("customer", "CUS-", "int_customers"), ("product", "PRD-", "int_products"))
ROUND_LIMIT = 100  # a round roughly doubles how far a label has spread

_RECORDS = """
create temp table records on commit drop as
select
    row_number() over (order by unioned.system, unioned.record_key) as record, unioned.system,
    unioned.record_key, known.golden_id as known_id, known.since_at, null::text as golden_id
from (select distinct system, record_key::text as record_key from {unioned}) as unioned
left join ops.identities as known
    on known.entity = {entity} and known.system = unioned.system and known.record_key = unioned.record_key
"""
_LINKS = """
create unique index on records (system, record_key);
analyze records;
create temp table links on commit drop as
with pairs as (
    select
        near.record as one, far.record as other, linked.match_rule,
        least(1, linked.match_confidence)::numeric(4, 3) as match_confidence
    from {linked} as linked
    inner join records as near on near.system = linked.left_system and near.record_key = linked.left_key::text
    inner join records as far on far.system = linked.right_system and far.record_key = linked.right_key::text
    where near.record <> far.record
)
select one, other, match_rule, match_confidence from pairs
union
select other, one, match_rule, match_confidence from pairs
"""
_LABELS = """
create temp table labels on commit drop as select record, record as label from records;
create unique index on labels (record);
create index on links (one);
analyze links; analyze labels;
"""
# Every record takes the smallest label among its neighbours, then that label's own label.
_SPREAD = """
with nearest as (
    select links.one as record, min(labels.label) as label
    from links inner join labels on labels.record = links.other
    group by links.one
)
update labels set label = nearest.label from nearest
where nearest.record = labels.record and nearest.label < labels.label
"""
_SHORTEN = """
update labels set label = root.label from labels as root
where root.record = labels.label and root.label < labels.label
"""
# A cluster claims the id of its earliest known record; of several claims on one id the earliest wins.
_KEEP_IDS = """
with earliest as (
    select distinct on (labels.label)
        labels.label, records.known_id, records.since_at, records.record
    from labels inner join records on records.record = labels.record
    where records.known_id is not null
    order by labels.label, records.since_at, records.known_id, records.record
),
kept as (
    select distinct on (known_id) label, known_id
    from earliest
    order by known_id, since_at, record
)
update records set golden_id = kept.known_id
from labels inner join kept on kept.label = labels.label
where labels.record = records.record
"""
# The others get an id of their smallest record; one that is taken already is passed over for the next turn's.
_NEW_IDS = """
with smallest as (
    select labels.label, min(labels.record) as record
    from labels inner join records on records.record = labels.record
    where records.golden_id is null
    group by labels.label
),
candidates as (
    select smallest.label, {prefix} || upper({hash}) as golden_id
    from smallest inner join records on records.record = smallest.record
)
update records set golden_id = candidates.golden_id
from labels inner join candidates on candidates.label = labels.label
where labels.record = records.record and not exists (
    select from ops.identities as taken
    where taken.entity = {entity} and taken.golden_id = candidates.golden_id
)
"""
# An id that lived before took the records over (merged); one that did not was split off.
_EVENTS = """
insert into ops.identity_events (event_id, entity, event, from_golden_id, to_golden_id, run_id)
select
    {event_id}, {entity}, moved.event, moved.known_id, moved.golden_id, {run}
from (
    select distinct known_id, golden_id, case when exists (
        select from ops.identities as known where known.entity = {entity} and known.golden_id = records.golden_id
    ) then 'merged' else 'split' end as event
    from records
    where known_id <> golden_id
) as moved
on conflict (event_id) do nothing
"""
# A record's rule is that of its best link; one without links stands alone.
_IDENTITIES = """
with best as (
    select distinct on (one) one, match_rule, match_confidence
    from links
    order by one, match_confidence desc, match_rule
)
insert into ops.identities as known (
    entity, system, record_key, golden_id, match_rule, match_confidence, since_at
)
select
    {entity}, records.system, records.record_key, records.golden_id,
    coalesce(best.match_rule, 'only'), coalesce(best.match_confidence, 1), transaction_timestamp()
from records left join best on best.one = records.record
order by records.record
on conflict (entity, system, record_key) do update
set golden_id = excluded.golden_id, match_rule = excluded.match_rule,
    match_confidence = excluded.match_confidence
where (known.golden_id, known.match_rule, known.match_confidence)
    is distinct from (excluded.golden_id, excluded.match_rule, excluded.match_confidence)
"""
# A record that now belongs to another golden record is looked at once more the next night: as long as it belonged
# to the one before, other rules have linked it.
_LOOK_AGAIN = """
insert into ops.touched (system, resource, record_key)
select system, {entity}, record_key from records where known_id <> golden_id
"""
_COUNTS = """
with events as (select event from ops.identity_events where entity = {entity} and run_id = {run})
select count(*), count(distinct golden_id), count(*) filter (where known_id is null),
    (select count(*) filter (where event = 'merged') from events),
    (select count(*) filter (where event = 'split') from events)
from records
"""


@dataclass(frozen=True, slots=True)
class IdentityCounts:
    """Records, their golden records, records seen for the first time, and ids that this run merged and split."""

    records: int
    golden_records: int
    first_seen: int
    merged: int
    split: int


def identify(database: Database, *, run_id: str) -> IdentityCounts:
    """Give every record its golden id, in one transaction; records that vanished keep theirs.

    Raises `BatchError` when links form a chain that is too long to be one thing.
    """
    with database.transaction(PLANNER) as connection:
        lock_name(connection, "concord identify")
        totals = [_identify_entity(connection, *names, run_id=run_id) for names in ENTITIES]
    return IdentityCounts(*(sum(column) for column in zip(*totals, strict=True)))


def _identify_entity(
    connection: Connection, entity: str, prefix: str, models: str, *, run_id: str
) -> tuple[int, ...]:
    parts: dict[str, sql.Composable] = {
        "entity": sql.Literal(entity),
        "prefix": sql.Literal(prefix),
        "run": sql.Literal(run_id),
        "unioned": sql.Identifier("intermediate", f"{models}__unioned"),
        "linked": sql.Identifier("intermediate", f"{models}__linked"),
    }
    connection.execute("drop table if exists records, links, labels")
    for statement in (_RECORDS, _LINKS, _LABELS):
        connection.execute(sql.SQL(statement).format(**parts))
    _label_clusters(connection)
    failpoint("identify.after_clusters")
    connection.execute(_KEEP_IDS)
    _give_new_ids(connection, parts)
    moved = sql.SQL("moved.known_id, moved.golden_id")
    event_id = id_expression(sql.Literal("identity_event"), parts["entity"], parts["run"], moved)
    connection.execute(sql.SQL(_EVENTS).format(**parts, event_id=event_id))
    connection.execute(sql.SQL(_IDENTITIES).format(**parts))
    connection.execute(sql.SQL(_LOOK_AGAIN).format(**parts))
    failpoint("identify.after_identities")
    row = connection.execute(sql.SQL(_COUNTS).format(**parts)).fetchone() or ()
    return tuple(int(str(count)) for count in row)


def _label_clusters(connection: Connection) -> None:
    for _ in range(ROUND_LIMIT):
        if not _moved(connection, _SPREAD) + _moved(connection, _SHORTEN):
            return
    raise BatchError(
        "The links form a chain too long to be one thing; nothing was identified. "
        "Look for a value that many records share in intermediate.int_customers__linked."
    )


def _give_new_ids(connection: Connection, parts: dict[str, sql.Composable]) -> None:
    for turn in range(ROUND_LIMIT):
        record = sql.SQL("records.system, records.record_key")
        digits = id_expression(parts["entity"], record, sql.Literal(str(turn) if turn else None), length=16)
        connection.execute(sql.SQL(_NEW_IDS).format(**parts, hash=digits))
        if not fetch_value(connection, "select exists (select from records where golden_id is null)"):
            return
    raise BatchError("No free golden id was found for some records; nothing was identified.")


def _moved(connection: Connection, statement: LiteralString) -> int:
    return connection.execute(statement).rowcount
