"""Whether a target holds what was written: the comparison after the records were read back."""

from typing import LiteralString

from psycopg import sql

from concord.contract import Kind, Resource, System
from concord.store.engine import Connection, fetch_texts, fetch_value
from concord.store.ledger.dead_letters import settle_changes
from concord.store.ledger.plans import recount_plan
from concord.store.tables import validated_table

_KEYS = """
select distinct record_key from ops.changes
where plan_id = %s and resource = %s and state in ('confirmed', 'unknown', 'conflicted') and record_key is not null
order by record_key
"""
_NEW_KEYS = """
select distinct record_key from ops.changes
where plan_id = %s and resource = %s and action = 'create' and state in ('confirmed', 'unknown')
    and record_key is not null
order by record_key
"""
# Each field of a sent change whose record was read back and says something else; of a text that was cut, how much
# is there. An empty text that was written is read back as no value, and documents are read in another form.
_DIFFERING = """
select field.key as name, field.key || case
        when kept.value <> '' and starts_with(field.value #>> '{}', kept.value)
            then format(' (%%s of %%s characters)', length(kept.value), length(field.value #>> '{}'))
        else ''
    end as shown
from jsonb_each(written.after) as field
cross join lateral (select to_jsonb(held) ->> field.key as value) as kept
where field.key <> all(%(documents)s) and to_jsonb(held) -> field.key is distinct from field.value
    and not (field.value = '""' and kept.value is null)
"""
# The disposition of each record that was read back, and the records that a later plan wrote. They stand in tables
# with statistics, because PostgreSQL has none of rows that were written a moment ago.
_SEEN: LiteralString = """
drop table if exists seen, rewritten;
create temp table seen (record_key text primary key, disposition text) on commit drop;
create temp table rewritten (record_key text primary key) on commit drop;
insert into seen
select distinct on (record_key) record_key, disposition from ops.dispositions
where batch_id = {batch} and record_key is not null
order by record_key, disposition = 'quarantined', row_number;
insert into rewritten
select distinct later.record_key
from ops.plans as own
inner join ops.plans as newer on newer.system = own.system and newer.created_at > own.created_at
inner join ops.changes as later on later.plan_id = newer.plan_id
where own.plan_id = {plan} and later.resource = {resource} and later.state in ('confirmed', 'unknown')
    and later.record_key is not null;
analyze seen; analyze rewritten;
"""
# A record the target no longer shows is as written if it was to be archived, and not otherwise; one that
# validation set aside cannot be compared. What was confirmed and is not there is confirmed no longer.
# A change that was found as written stays so, and one whose record a later plan wrote is not compared any more:
# what is there now says nothing about it.
_COMPARE = """
with judged as (
    select written.change_id, case
        when not exists (
            select from jsonb_object_keys(written.after) as name where name <> all(%(documents)s)
        ) then null
        when seen.disposition is null then written.action = 'archive'
        when seen.disposition = 'quarantined' then null
        when written.action = 'archive' then held._is_deleted
        else not held._is_deleted and differing.shown is null
    end as is_verified, case
        when written.action = 'archive' then 'unknown'
        when seen.disposition is not null and not held._is_deleted then 'rejected'
        when written.action = 'create' then 'unknown'
        else 'conflicted'
    end as end_state, case
        when written.action = 'archive' then 'Confirmed, but read back it is still there; look at the record.'
        when seen.disposition is null or held._is_deleted
            then 'Confirmed, but read back the record is not there; look at the target.'
        else 'Confirmed, but read back the target holds something else in: ' || differing.shown
            || '. Give a value that it keeps at its source, or correct the record there.'
    end as sentence, written.state = 'confirmed' as was_confirmed
    from ops.changes as written
    left join {validated} as held on held._key = written.record_key
    left join seen on seen.record_key = written.record_key
    left join lateral (
        select string_agg(field.shown, ', ' order by field.name) as shown from ({differing}) as field
    ) as differing on true
    where written.plan_id = %(plan)s and written.resource = %(resource)s
        and written.state in ('confirmed', 'unknown') and written.record_key is not null
        and written.is_verified is not true
        and not exists (select from rewritten where rewritten.record_key = written.record_key)
),
compared as (
    update ops.changes as change
    set is_verified = judged.is_verified,
        state = case when coalesce(judged.is_verified, true) or not was_confirmed then state else end_state end,
        message = case when coalesce(judged.is_verified, true) or not was_confirmed then message else sentence end
    from judged
    where change.change_id = judged.change_id
    returning change.*, was_confirmed
)
insert into ops.journal (change_id, attempt, event, detail)
select change_id, attempts, state, jsonb_build_object('message', message)
from compared where was_confirmed and not is_verified order by change_id
returning change_id
"""
_ARCHIVED = """
select record_key from ops.changes as change
where plan_id = %(plan)s and resource = %(resource)s and action = 'archive' and is_verified
    and not exists (select from seen where seen.record_key = change.record_key)
order by record_key
"""
_COUNTS = """
select count(*) filter (where is_verified), count(*) filter (where not is_verified),
    count(*) filter (where is_verified is null)
from ops.changes where plan_id = %s and (state in ('confirmed', 'unknown') or not is_verified)
"""
_IS_UNVERIFIED = """
select count(*) > 0 and count(is_verified) = 0 from ops.changes
where plan_id = %s and state = 'confirmed' and action = 'update'
"""


def list_sent_keys(connection: Connection, plan_id: str, resource: Resource) -> list[str]:
    """The keys of the resource's records that the plan wrote, may have written, or found changed; in order."""
    return fetch_texts(connection, _KEYS, (plan_id, resource.name))


def list_new_keys(connection: Connection, plan_id: str, resource: Resource) -> list[str]:
    """The keys of the resource's records that the plan created, or may have created; in order."""
    return fetch_texts(connection, _NEW_KEYS, (plan_id, resource.name))


def compare_written(
    connection: Connection, system: System, resource: Resource, *, plan_id: str, batch_id: str
) -> list[str]:
    """Write down for each sent change of the resource whether its record holds what was written.

    The batch is the one with which the records were read back. A confirmed change that its record does not hold
    becomes rejected, with the fields in its message and a dead letter; unknown, if a new record is not to be seen
    or an archived one still is; and conflicted, if the record is gone. Returns the keys of those
    that were archived and are no longer shown, by key.
    """
    documents = [field.name for field in resource.fields if field.kind is Kind.JSON]
    values = {"plan": plan_id, "resource": resource.name, "documents": documents}
    known = {"plan": plan_id, "resource": resource.name, "batch": batch_id}
    connection.execute(sql.SQL(_SEEN).format(**{name: sql.Literal(value) for name, value in known.items()}))
    statement = sql.SQL(_COMPARE).format(
        validated=validated_table(system, resource), differing=sql.SQL(_DIFFERING)
    )
    settle_changes(connection, fetch_texts(connection, statement, values))
    recount_plan(connection, plan_id)
    return fetch_texts(connection, _ARCHIVED, values)


def count_verified(connection: Connection, plan_id: str) -> tuple[int, int, int]:
    """Of the plan's changes that were carried out or may have been: as written, not as written, not compared."""
    verified, differing, unchecked = connection.execute(_COUNTS, (plan_id,)).fetchone() or (0, 0, 0)
    return int(str(verified)), int(str(differing)), int(str(unchecked))


def is_unverified(connection: Connection, plan_id: str) -> bool:
    """Whether the plan wrote updates and none of them was read back."""
    return bool(fetch_value(connection, _IS_UNVERIFIED, (plan_id,)))
