"""Reads back what was written, on the way every record takes: landing, validation, then the comparison.

So the warehouse is current after a write-back, and the next plan starts from what the target really says.
"""

from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from concord.contract import Lookup, Resource, Session, System
from concord.failpoints import failpoint
from concord.fields import Kind
from concord.stages.extract import extract_matching
from concord.stages.validate import validate_batch
from concord.store.engine import LOADER, PLANNER, Connection, Database
from concord.store.plans import load_plan
from concord.store.tables import validated_table

_KEYS = """
select distinct record_key from ops.changes
where plan_id = %s and resource = %s and state in ('confirmed', 'unknown', 'conflicted') and record_key is not null
order by record_key
"""
# A record the target no longer shows is as written if it was to be archived, and not otherwise; one that
# validation set aside cannot be compared.
_COMPARE = """
update ops.changes as change set is_verified = judged.is_verified
from (
    select written.change_id, case
        when not exists (
            select from jsonb_object_keys(written.after) as name where name <> all(%(documents)s)
        ) then null
        when seen.disposition is null then written.action = 'archive'
        when seen.disposition = 'quarantined' then null
        when written.action = 'archive' then held._is_deleted
        else not held._is_deleted and not exists (
            select from jsonb_each(written.after) as field
            where field.key <> all(%(documents)s) and to_jsonb(held) -> field.key is distinct from field.value
        )
    end as is_verified
    from ops.changes as written
    left join {validated} as held on held._key = written.record_key
    left join lateral (
        select disposition from ops.dispositions
        where batch_id = %(batch)s and record_key = written.record_key
        order by disposition = 'quarantined', row_number
        limit 1
    ) as seen on true
    where written.plan_id = %(plan)s and written.resource = %(resource)s
        and written.state in ('confirmed', 'unknown') and written.record_key is not null
) as judged
where change.change_id = judged.change_id
"""
# What was archived and is no longer shown is held as deleted, as what the vendor still shows as deleted is.
_MARK = """
update {validated} set _is_deleted = true, _batch_id = %(batch)s where _key = any(%(keys)s) and not _is_deleted
"""
_ARCHIVED = """
select record_key from ops.changes
where plan_id = %s and resource = %s and action = 'archive' and is_verified order by record_key
"""
_COUNTS = """
select count(*) filter (where is_verified), count(*) filter (where not is_verified),
    count(*) filter (where is_verified is null)
from ops.changes where plan_id = %s and state in ('confirmed', 'unknown')
"""


@dataclass(frozen=True, slots=True)
class VerifyCounts:
    """Of the changes that were sent and not refused: as written, not as written, and not to be checked."""

    verified: int
    differing: int
    unchecked: int


def verify_plan(
    database: Database, session: Session, *, system: System, plan_id: str, suites: Path
) -> VerifyCounts:
    """Read back every confirmed or unknown change by its key and say whether the target holds what was written."""
    for resource in system.resources:
        if resource.writes is None:
            continue
        with database.transaction(PLANNER) as connection:
            load_plan(connection, plan_id)
            keys = [str(row[0]) for row in connection.execute(_KEYS, (plan_id, resource.name)).fetchall()]
        if not keys:
            continue
        lookup = Lookup(name=resource.key, values=keys, reference=plan_id)
        batch = extract_matching(database, session, system=system, resource=resource, lookup=lookup)
        failpoint("verify.after_landing")
        validate_batch(database, system=system, resource=resource, batch_id=batch, suites=suites)
        failpoint("verify.after_validation")
        with database.transaction(PLANNER) as connection:
            _compare(connection, system, resource, plan_id=plan_id, batch=batch)
            archived = [row[0] for row in connection.execute(_ARCHIVED, (plan_id, resource.name)).fetchall()]
        failpoint("verify.after_compare")
        with database.transaction(LOADER) as connection:
            mark = sql.SQL(_MARK).format(validated=validated_table(system, resource))
            connection.execute(mark, {"keys": archived, "batch": batch})
        failpoint("verify.after_mark")
    with database.transaction(PLANNER) as connection:
        row = connection.execute(_COUNTS, (plan_id,)).fetchone() or ()
    return VerifyCounts(*(int(str(count)) for count in row))


def _compare(connection: Connection, system: System, resource: Resource, *, plan_id: str, batch: str) -> None:
    values = {
        "plan": plan_id,
        "resource": resource.name,
        "batch": batch,
        "documents": [field.name for field in resource.fields if field.kind is Kind.JSON],
    }
    connection.execute(sql.SQL(_COMPARE).format(validated=validated_table(system, resource)), values)
