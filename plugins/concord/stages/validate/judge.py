"""Judges every landed record once: validated, quarantined or repeated; or refuses the batch as a whole.

All of it is SQL inside PostgreSQL. Dispositions, dead letters, validated rows and the coverage of the window
are committed together, and the database refuses counts that do not balance.
"""

import logging
from pathlib import Path

from psycopg import sql

from concord.contract import Batch, ChangedBetween, Resource, System
from concord.errors import BatchError, ConfigurationError, ExpectationsFailedError
from concord.failpoints import failpoint
from concord.monitoring.clocks import say_future_stamps
from concord.stages.validate.check import ExpectationResults, check_batch, check_without_rows
from concord.stages.validate.expectations import Suite, find_suite, load_suite
from concord.stages.validate.gates import mark_vanished, refuse_abnormal
from concord.stages.validate.isolation import set_unreadable_aside
from concord.store.engine import LOADER, Connection, Database, lock_name
from concord.store.ledger.batches import (
    BatchCounts,
    StoredBatch,
    close_batch,
    has_landed,
    lock_batch,
    refuse_batch,
)
from concord.store.ledger.clocks import count_future_stamps
from concord.store.ledger.dead_letters import quarantine_records, resolve_validated
from concord.store.ledger.dispositions import judge_records, keep_validated
from concord.store.statistics import refresh_statistics
from concord.store.tables import table_name, typed_view, validated_table

_logger = logging.getLogger(__name__)

__all__ = ["BatchCounts", "validate_batch"]


def validate_batch(
    database: Database,
    *,
    system: System,
    resource: Resource,
    batch_id: str,
    suites: Path,
) -> BatchCounts:
    """Judge a landed batch and mark its window covered; a batch that is covered already is left as it is.

    `suites` is the folder of the expectations, one file per system and resource; the project's go before it.
    Raises `ExpectationsFailedError` for a batch refused as a whole, after the refusal was recorded, and
    `ConfigurationError` for a batch that was never landed or a suite that cannot be used.
    """
    batch = Batch(system, resource, batch_id)
    with database.transaction(LOADER) as connection:
        stored = _lock(connection, batch)
        if stored.state == "covered":
            return stored.counts
        _refuse_dropped(connection, batch, stored)
    suite = load_suite(find_suite(suites, system, resource.name))
    try:
        return _check_alone_or_together(database, batch, suite, has_rows=stored.counts.received > 0)
    except ExpectationsFailedError as error:
        with database.transaction(LOADER) as connection:
            refuse_batch(connection, batch_id, error.message)
        raise


def _check_alone_or_together(database: Database, batch: Batch, suite: Suite, *, has_rows: bool) -> BatchCounts:
    """Judge the batch; where single records make that impossible, these are set aside and the others judged."""
    try:
        return _check_and_judge(database, batch, suite, has_rows=has_rows)
    except ExpectationsFailedError:
        raise
    except (ConfigurationError, BatchError):
        if not set_unreadable_aside(database, batch, suite):
            raise
    return _check_and_judge(database, batch, suite, has_rows=has_rows)


def _lock(connection: Connection, batch: Batch) -> StoredBatch:
    stored = lock_batch(connection, batch.batch_id)
    if stored is None:
        raise ConfigurationError(f"Batch {batch.batch_id} was never landed; run its extract first.")
    return stored


def _refuse_dropped(connection: Connection, batch: Batch, stored: StoredBatch) -> None:
    if stored.counts.received and not has_landed(connection, batch):
        raise ConfigurationError(
            f"The records of batch {batch.batch_id} are no longer kept; clear its task extract to read them again."
        )


def _check_and_judge(database: Database, batch: Batch, suite: Suite, *, has_rows: bool) -> BatchCounts:
    results = _check(database, batch, suite, has_rows=has_rows)
    failpoint("validate.after_check")
    with database.transaction(LOADER) as connection:
        counts = _judge(connection, batch, results)
        failpoint("validate.before_commit")
    failpoint("validate.after_commit")
    return counts


def _check(database: Database, batch: Batch, suite: Suite, *, has_rows: bool) -> ExpectationResults:
    relation = f"landing.{table_name(batch.system, batch.resource)}__typed"
    if not has_rows:
        results = check_without_rows(database, relation=relation, batch_id=batch.batch_id, suite=suite)
        if results is not None:
            return results
    return check_batch(database, relation=relation, batch_id=batch.batch_id, suite=suite)


def _judge(connection: Connection, batch: Batch, results: ExpectationResults) -> BatchCounts:
    lock_name(connection, f"validated:{table_name(batch.system, batch.resource)}")
    stored = _lock(connection, batch)
    if stored.state == "covered":
        return stored.counts
    _collect_faults(connection, batch, results)
    _tell_future_stamps(connection, batch)
    judge_records(connection, batch)
    if stored.purpose == "window":
        refuse_abnormal(connection, batch, results.table_failures)
    keep_validated(connection, batch)
    if stored.purpose == "window":
        mark_vanished(connection, batch)
    quarantine_records(connection, batch)
    resolve_validated(connection, batch)
    refresh_statistics(connection, validated_table(batch.system, batch.resource))
    return close_batch(connection, batch.batch_id)


def _tell_future_stamps(connection: Connection, batch: Batch) -> None:
    """Count the records whose change stamp lies in the future, and say so in the log."""
    changes, resource = batch.resource.changes, batch.resource
    if not isinstance(changes, ChangedBetween):
        return
    if count := count_future_stamps(connection, batch, changes.overlap):
        _logger.warning("%s", say_future_stamps(f"{batch.system.name} {resource.name}", count))


def _collect_faults(connection: Connection, batch: Batch, results: ExpectationResults) -> None:
    """Fill the temporary table from which the records' dispositions are made."""
    connection.execute(
        "create temp table faults (row_number integer, reason text, breaks_contract boolean) on commit drop"
    )
    connection.execute(
        sql.SQL(
            "insert into faults select _row, unnest(_faults), true from {view} "
            "where _batch_id = %s and cardinality(_faults) > 0"
        ).format(view=typed_view(batch.system, batch.resource)),
        (batch.batch_id,),
    )
    for failure in results.row_failures:
        connection.execute(
            sql.SQL("insert into faults select _row, {}, false from ({}) as failing").format(
                sql.Literal(failure.reason),
                sql.SQL(failure.query),
            )
        )
