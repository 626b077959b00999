"""Judges every landed record once: validated, quarantined or repeated; or refuses the batch as a whole.

All of it is SQL inside PostgreSQL. Dispositions, dead letters, validated rows and the coverage of the window
commit together, and the database refuses books that do not balance.
"""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from concord.contract import Batch, Resource, System
from concord.errors import ConfigurationError, ExpectationsFailedError
from concord.failpoints import failpoint
from concord.stages import gates
from concord.stages.expectations import ExpectationResults, check_batch, load_suite
from concord.store.engine import LOADER, Connection, Database
from concord.store.tables import table_name, typed_view, validated_table

_OPEN_BATCH = """
select state, purpose, received, validated, quarantined, repeated, is_key_list_complete
from ops.batches where batch_id = %s for update
"""
_JUDGE = """
insert into ops.dispositions (batch_id, row_number, record_key, disposition, reason)
with faults as (
    select row_number, string_agg(distinct reason, '; ' order by reason) as reason
    from faults group by row_number
),
judged as (
    select typed._row, typed.{key}::text as record_key, {modified} as modified_at, faults.reason,
        row_number() over (
            partition by typed.{key}, faults.reason is null order by {modified} desc nulls last, typed._row desc
        ) as recency
    from {view} as typed left join faults on faults.row_number = typed._row
    where typed._batch_id = %(batch)s
)
select %(batch)s, judged._row, judged.record_key,
    case
        when judged.reason is not null then 'quarantined'
        when judged.recency > 1 or held._modified_at > judged.modified_at then 'repeated'
        else 'validated'
    end,
    case
        when judged.reason is not null then judged.reason
        when judged.recency > 1 then 'a newer version came in the same batch'
        when held._modified_at > judged.modified_at then 'a newer version is held already'
    end
from judged left join {validated} as held on held._key = judged.record_key
"""
_KEEP = """
insert into {validated} as held (_key, {columns}, _modified_at, _is_deleted, _batch_id, _payload_hash)
select typed.{key}::text, {typed_columns}, {modified}, {is_deleted}, typed._batch_id, typed._payload_hash
from {view} as typed
join ops.dispositions as judged on judged.batch_id = typed._batch_id and judged.row_number = typed._row
where typed._batch_id = %(batch)s and judged.disposition = 'validated'
order by typed.{key}
on conflict (_key) do update
set {assignments}, _modified_at = excluded._modified_at, _is_deleted = excluded._is_deleted,
    _batch_id = excluded._batch_id, _payload_hash = excluded._payload_hash
where held._payload_hash <> excluded._payload_hash or held._is_deleted <> excluded._is_deleted
"""
_QUARANTINE = """
insert into ops.dead_letters as letter (
    dead_letter_id, stage, system, resource, record_key, error_class, message, batch_id, row_number, payload,
    fields
)
select distinct on (1)
    left(encode(sha256(convert_to(concat_ws(chr(31), 'validate', %(system)s::text, %(resource)s::text,
        judged.record_key, landed._payload_hash), 'utf8')), 'hex'), 24),
    'validate', %(system)s, %(resource)s, judged.record_key,
    case when cardinality(landed._faults) > 0 then 'ContractViolationError' else 'ExpectationsFailedError' end,
    judged.reason, judged.batch_id, judged.row_number, raw._payload,
    jsonb_strip_nulls(to_jsonb(raw) - %(left_out)s::text[])
from ops.dispositions as judged
join {view} as landed on landed._batch_id = judged.batch_id and landed._row = judged.row_number
join {landing} as raw on raw._batch_id = judged.batch_id and raw._row = judged.row_number
where judged.batch_id = %(batch)s and judged.disposition = 'quarantined'
order by 1, judged.row_number
on conflict (dead_letter_id) do update
set state = 'open', message = excluded.message, batch_id = excluded.batch_id,
    row_number = excluded.row_number, payload = excluded.payload, fields = excluded.fields,
    last_seen_at = clock_timestamp()
"""
_RESOLVE = """
update ops.dead_letters as letter set state = 'resolved', last_seen_at = clock_timestamp()
from ops.dispositions as judged
where letter.stage = 'validate' and letter.state <> 'resolved'
    and letter.system = %(system)s and letter.resource = %(resource)s
    and judged.batch_id = %(batch)s and judged.disposition = 'validated' and judged.record_key = letter.record_key
"""
_CLOSE = """
update ops.batches set state = 'covered', finished_at = clock_timestamp(),
    validated = counted.validated, quarantined = counted.quarantined, repeated = counted.repeated
from (
    select
        count(*) filter (where disposition = 'validated') as validated,
        count(*) filter (where disposition = 'quarantined') as quarantined,
        count(*) filter (where disposition = 'repeated') as repeated
    from ops.dispositions where batch_id = %(batch)s
) as counted
where batch_id = %(batch)s
returning received, counted.validated, counted.quarantined, counted.repeated
"""


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What became of a batch's records; the first number is the sum of the others."""

    received: int
    validated: int
    quarantined: int
    repeated: int


def validate_batch(
    database: Database,
    *,
    system: System,
    resource: Resource,
    batch_id: str,
    suites: Path,
) -> BatchCounts:
    """Judge a landed batch and mark its window covered; a batch that is covered already is left as it is.

    Raises `ExpectationsFailedError` for a batch refused as a whole; the refusal is recorded.
    """
    batch = Batch(system, resource, batch_id)
    suite = load_suite(suites / system.name / f"{resource.name}.json")
    results = check_batch(
        database.url_for(LOADER),
        relation=f"landing.{table_name(system, resource)}__typed",
        batch_id=batch_id,
        suite=suite,
    )
    failpoint("validate.after_check")
    try:
        with database.transaction(LOADER) as connection:
            counts = _judge(connection, batch, results)
            failpoint("validate.before_commit")
    except ExpectationsFailedError as error:
        _record_refusal(database, batch_id, error.message)
        raise
    failpoint("validate.after_commit")
    return counts


def _judge(connection: Connection, batch: Batch, results: ExpectationResults) -> BatchCounts:
    lock = f"validated:{table_name(batch.system, batch.resource)}"
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
    found = connection.execute(_OPEN_BATCH, (batch.batch_id,)).fetchone()
    if found is None:
        raise ConfigurationError(f"Batch {batch.batch_id} was never landed; run its extract first.")
    if found[0] == "covered":
        return BatchCounts(*(int(str(count)) for count in found[2:6]))
    _collect_faults(connection, batch, results)
    connection.execute("delete from ops.dispositions where batch_id = %s", (batch.batch_id,))
    _run(connection, _JUDGE, batch)
    if found[1] == "window":
        gates.refuse_abnormal(connection, batch, results.table_failures)
    _run(connection, _KEEP, batch)
    if found[1] == "window":
        gates.mark_vanished(connection, batch)
    _run(connection, _QUARANTINE, batch)
    _run(connection, _RESOLVE, batch)
    _run(connection, "analyze {validated}", batch)
    closed = _run(connection, _CLOSE, batch).fetchone()
    return BatchCounts(*(int(str(count)) for count in closed or ()))


def _collect_faults(connection: Connection, batch: Batch, results: ExpectationResults) -> None:
    connection.execute("create temp table faults (row_number integer, reason text) on commit drop")
    connection.execute(
        sql.SQL(
            "insert into faults select _row, unnest(_faults) from {} "
            "where _batch_id = %s and cardinality(_faults) > 0"
        ).format(typed_view(batch.system, batch.resource)),
        (batch.batch_id,),
    )
    for failure in results.row_failures:
        connection.execute(
            sql.SQL("insert into faults select _row, {} from ({}) as failing").format(
                sql.Literal(failure.reason),
                sql.SQL(failure.query),
            )
        )


def _run(connection: Connection, template: str, batch: Batch) -> psycopg.Cursor[tuple[object, ...]]:
    statement = sql.SQL(template).format(**_parts(batch))
    documents = [field.name for field in batch.resource.fields if field.is_document]
    return connection.execute(
        statement,
        {
            "system": batch.system.name,
            "resource": batch.resource.name,
            "batch": batch.batch_id,
            "left_out": ["_batch_id", "_row", "_fault", "_payload", *documents],
        },
    )


def _parts(batch: Batch) -> dict[str, sql.Composable]:
    resource = batch.resource
    names = [sql.Identifier(field.name) for field in resource.fields]
    modified: sql.Composable = sql.SQL(
        "(select coalesce(upper(covered_window), landed_at) from ops.batches where batch_id = %(batch)s)"
    )
    if resource.modified is not None:
        modified = sql.SQL("typed.{}").format(sql.Identifier(resource.modified))
    is_deleted: sql.Composable = sql.SQL("false")
    if resource.deleted:
        is_deleted = sql.SQL("coalesce(typed.{}, false)").format(sql.Identifier(resource.deleted))
    return {
        "key": sql.Identifier(resource.key),
        "modified": modified,
        "is_deleted": is_deleted,
        "view": typed_view(batch.system, resource),
        "landing": sql.Identifier("landing", table_name(batch.system, resource)),
        "validated": validated_table(batch.system, resource),
        "columns": sql.SQL(", ").join(names),
        "typed_columns": sql.SQL(", ").join(sql.SQL("typed.{}").format(name) for name in names),
        "assignments": sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names),
    }


def _record_refusal(database: Database, batch_id: str, reason: str) -> None:
    with database.transaction(LOADER) as connection:
        connection.execute(
            "update ops.batches set state = 'refused', reason = %s, finished_at = clock_timestamp() "
            "where batch_id = %s",
            (reason, batch_id),
        )
