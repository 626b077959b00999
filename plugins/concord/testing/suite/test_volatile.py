"""Fields that move without the change stamp are read every night, for every resource that declares some."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import sql

from concord.contract import ChangedBetween, Resource, Window
from concord.stages.extract import volatile
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import systems_on_benches
from concord.testing.suites import find_suites

FindBench = Callable[[str], Bench]
FIRST = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
VOLATILE = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if isinstance(resource.changes, ChangedBetween) and resource.changes.volatile
]


@dataclass
class Nights:
    """A warehouse into which one resource is read, night after night."""

    bench: Bench
    resource: Resource
    database: Database
    suites: Path
    window: Window = FIRST

    def run(self) -> BatchCounts:
        system = self.bench.system
        session = self.bench.session()
        batch = extract_window(self.database, session, system=system, resource=self.resource, window=self.window)
        self.window = Window(self.window.end, self.window.end + timedelta(days=1))
        return validate_batch(
            self.database, system=system, resource=self.resource, batch_id=batch, suites=self.suites
        )

    def held(self) -> dict[str, tuple[object, ...]]:
        """The volatile fields that are held of each live record."""
        assert isinstance(self.resource.changes, ChangedBetween)
        columns = [sql.Identifier(name) for name in sorted(self.resource.changes.volatile)]
        query = sql.SQL("select _key, {} from {} where not _is_deleted").format(
            sql.SQL(", ").join(columns), validated_table(self.bench.system, self.resource)
        )
        with self.database.transaction() as connection:
            return {str(row[0]): tuple(row[1:]) for row in connection.execute(query).fetchall()}


@pytest.fixture
def nights(bench: FindBench, database: str, tmp_path: Path, name: str, resource_name: str) -> Nights:
    found, store = bench(name), Database(database)
    resource = found.system.resource(resource_name)
    create_tables(store, found.system, resource)
    return Nights(found, resource, store, find_suites(tmp_path, found.system, resource))


on_volatile = pytest.mark.parametrize(
    ("name", "resource_name"), VOLATILE, ids=[" ".join(pair) for pair in VOLATILE]
)


@on_volatile
def test_what_moves_without_the_stamp_is_read_the_next_night(nights: Nights) -> None:
    nights.run()
    before = nights.held()
    moved = sorted(before)[7]
    nights.bench.desk.stir(nights.resource, moved)
    counts = nights.run()
    after = nights.held()
    assert counts == BatchCounts(1, 1, 0, 0)
    assert {key for key, value in after.items() if value != before[key]} == {moved}
    assert nights.run().received == 0


@on_volatile
def test_what_was_deleted_is_missed_in_the_same_list(nights: Nights) -> None:
    nights.run()
    before = set(nights.held())
    nights.bench.desk.delete(nights.resource, min(before))
    nights.run()
    assert before - set(nights.held()) == {min(before)}


@on_volatile
def test_where_much_moved_the_whole_list_is_read(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volatile, "MOST_LOOKED_UP", 2)
    nights.run()
    before = nights.held()
    moved = set(sorted(before)[:5])
    for key in moved:
        nights.bench.desk.stir(nights.resource, key)
    counts = nights.run()
    after = nights.held()
    assert counts.received == len(before)
    assert {key for key, value in after.items() if value != before[key]} == moved


@on_volatile
def test_a_window_of_the_past_looks_at_the_stamp_alone(nights: Nights) -> None:
    nights.run()
    before = nights.held()
    nights.bench.desk.stir(nights.resource, min(before))
    nights.window = Window(FIRST.start, FIRST.start + timedelta(days=1))
    assert nights.run().received == 0
    assert nights.held() == before
