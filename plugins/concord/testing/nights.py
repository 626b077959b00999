"""Nights of one resource of a system under test: its windows one after the other, each read and validated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from psycopg import sql

from concord.contract import ChangedBetween, Resource
from concord.settings import read_start
from concord.stages.extract.choose_window import continue_coverage
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import facts_of
from concord.testing.suites import find_suites

SOON = timedelta(seconds=2)


class Nights:
    """A resource of a system, read and validated night after night, all its keys listed every night."""

    def __init__(self, found: Bench, url: str, folder: Path, resource_name: str = "") -> None:
        self.found, self.database, self.until = found, Database(url), read_start()
        resource = found.system.resource(resource_name or facts_of(found.system.name).first)
        changes = resource.changes
        if isinstance(changes, ChangedBetween):
            resource = replace(resource, changes=replace(changes, list_every=1))
        self.resource: Resource = resource
        self.suites = find_suites(folder, found.system, self.resource)
        create_tables(self.database, found.system, self.resource)

    def run(self) -> str:
        """One night that ends now; returns its batch."""
        now = datetime.now(UTC) + SOON
        interval = {"interval_start": self.until, "interval_end": now}
        window = continue_coverage(self.database, self.found.system, self.resource, **interval)
        read = partial(extract_window, system=self.found.system, resource=self.resource, window=window)
        batch, self.until = read(self.database, self.found.session()), now
        judge = partial(validate_batch, system=self.found.system, resource=self.resource, suites=self.suites)
        judge(self.database, batch_id=batch)
        return batch

    def run_anew(self) -> str:
        """One night that reads all from the beginning; returns its batch."""
        with self.database.transaction() as connection:
            connection.execute("delete from ops.batches")
        self.until = read_start()
        return self.run()

    def said(self, batch: str) -> tuple[datetime, timedelta, int]:
        """Where its coverage ends, how far the clock was behind, and how many stamps lay in the future."""
        query = "select upper(covered_window), clock_behind, future_stamps from ops.batches where batch_id = %s"
        with self.database.transaction() as connection:
            return connection.execute(query, (batch,)).fetchone()  # type: ignore[return-value]  # there is one

    def disposition(self, batch: str, key: str) -> str | None:
        """What became of the record in this batch, None where it did not come."""
        query = "select max(disposition) from ops.dispositions where batch_id = %s and record_key = %s"
        with self.database.transaction() as connection:
            return connection.execute(query, (batch, key)).fetchone()[0]  # type: ignore[index, return-value]

    def received(self, batch: str) -> int:
        """How many records the batch has."""
        with self.database.transaction() as connection:
            row = connection.execute("select received from ops.batches where batch_id = %s", (batch,)).fetchone()
        return int(str(row[0])) if row else 0

    def live(self) -> set[str]:
        """The keys that are held and not marked as deleted."""
        query = sql.SQL("select _key from {} where not _is_deleted")
        table = validated_table(self.found.system, self.resource)
        with self.database.transaction() as connection:
            return {str(row[0]) for row in connection.execute(query.format(table)).fetchall()}

    def forget(self, key: str) -> None:
        """Let a record be one that was never read."""
        table = validated_table(self.found.system, self.resource)
        with self.database.transaction() as connection:
            connection.execute(sql.SQL("delete from {} where _key = %s").format(table), (key,))

    def held(self, key: str) -> object:
        """The stamp by which the version that is held is ordered."""
        query = sql.SQL("select _modified_at from {} where _key = %s")
        table = validated_table(self.found.system, self.resource)
        with self.database.transaction() as connection:
            return connection.execute(query.format(table), (key,)).fetchone()[0]  # type: ignore[index]
