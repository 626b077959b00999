"""Drops what is older than the business keeps it, makes the partitions of the nights to come, and measures sizes.

Partitions are dropped, which takes no time however many rows they hold. Each table is a transaction of its own, so
the step may be interrupted, and run again, at any line.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from concord.retention import Retention
from concord.store.engine import PLANNER, Database
from concord.store.ledger.retention import (
    Dropped,
    delete_rows,
    drop_partitions,
    keep_since,
    list_partitioned,
    make_partitions,
    measure_sizes,
)

_logger = logging.getLogger(__name__)
_PATIENCE = "set local lock_timeout = '20s'"  # a table that is in use as long as this is left for the next night


def drop_old(database: Database, reports: Path, keep: Retention, *, now: datetime) -> list[Dropped]:
    """Drop what is older than `keep` says, in the warehouse and in the folder of reports; returns what it was.

    Raises `ServerError` where a table is in use for too long; what was dropped before stays dropped.
    """
    with database.transaction(PLANNER) as connection:
        tables = list_partitioned(connection)
    dropped = [item for table, part in tables.items() for item in _tend(database, table, part, keep, now)]
    with database.transaction(PLANNER) as connection:
        dropped += delete_rows(connection, keep, now)
    dropped += _delete_reports(reports, now - keep.span("reports"))
    with database.transaction(PLANNER) as connection:
        measure_sizes(connection, now, keep)
    return dropped


def _tend(database: Database, table: str, part: str, keep: Retention, now: datetime) -> Sequence[Dropped]:
    """Make the coming partitions of one table and drop its old ones."""
    before = now - keep.span(part)
    with database.transaction(PLANNER) as connection:
        connection.execute(_PATIENCE)
        make_partitions(connection, table, now)
        dropped = drop_partitions(connection, table, before)
        if dropped:
            keep_since(connection, part, before, sum(item.bytes for item in dropped))
    for item in dropped:
        _logger.info("dropped %s, %s bytes", item.name, item.bytes)
    return dropped


def _delete_reports(folder: Path, before: datetime) -> Iterator[Dropped]:
    """Delete the pages of nights that were written before a moment; the latest one stays."""
    for page in sorted(folder.glob("*.html")):
        if page.name != "latest.html" and page.stat().st_mtime < before.timestamp():
            page.unlink()
            yield Dropped(page.name)


def say_dropped(dropped: Sequence[Dropped]) -> str:
    """What was dropped, for a log."""
    if not dropped:
        return "nothing is older than it is kept"
    parts = [f"{item.name} ({item.bytes / 1e6:,.1f} MB)" for item in dropped if item.bytes]
    rows = [f"{item.rows:,} rows of {item.name}" if item.rows else item.name for item in dropped if not item.bytes]
    return ", ".join(parts + rows)
