"""All records are read anew where a field was declared since, and every few nights where that is declared."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg import sql

from concord.contract import ChangedBetween, Resource, Window
from concord.settings import read_start
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database, fetch_rows
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import systems_on_benches
from concord.testing.suites import write_suite

FindBench = Callable[[str], Bench]
FIRST_END = datetime(2027, 1, 1, tzinfo=UTC)


def find_droppable(resource: Resource) -> str:
    """A field that the resource can do without, empty where it has none."""
    if not isinstance(resource.changes, ChangedBetween):
        return ""
    needed = {resource.key, resource.changes.field, resource.deleted, *resource.changes.volatile}
    needed |= {item.form.beside for item in resource.fields}
    free = (item for item in resource.fields if item.name not in needed and not item.optional)
    return next((item.name for item in free if item.required), "")


READ = [
    (item.name, *found[0])
    for item in systems_on_benches()
    if (found := [(it.name, field) for it in item.resources if (field := find_droppable(it))])
]
on_resources = pytest.mark.parametrize(
    ("name", "resource_name", "field"), READ, ids=[" ".join(item) for item in READ]
)


@dataclass
class Nights:
    """A warehouse into which one resource is read, as it is declared in each night."""

    bench: Bench
    resource: Resource
    database: Database
    suites: Path
    until: datetime = FIRST_END

    def run(self, resource: Resource, *, again: bool = False) -> BatchCounts:
        """Read what changed; with `again` in the window of the run before."""
        self.until -= timedelta(days=1) if again else timedelta(0)
        is_first = self.until == FIRST_END
        window = Window(read_start() if is_first else self.until - timedelta(days=1), self.until)
        system, self.until = self.bench.system, self.until + timedelta(days=1)
        create_tables(self.database, system, resource)
        batch = extract_window(
            self.database, self.bench.session(), system=system, resource=resource, window=window
        )
        return validate_batch(self.database, system=system, resource=resource, batch_id=batch, suites=self.suites)

    def lacking(self, field: str) -> tuple[int, int]:
        """How many live records there are, and how many of them have no value in the field."""
        query = sql.SQL(
            "select count(*) as held, count(*) - count({}) as lacking from {} where not _is_deleted"
        ).format(sql.Identifier(field), validated_table(self.bench.system, self.resource))
        with self.database.transaction() as connection:
            row = fetch_rows(connection, query)[0]
        return row["held"], row["lacking"]

    def unread(self) -> list[str]:
        with self.database.transaction() as connection:
            rows = fetch_rows(connection, "select field, is_awaited from ops.unread_fields order by field")
        return [row["field"] for row in rows if row["is_awaited"]]


@pytest.fixture
def nights(bench: FindBench, database: str, tmp_path: Path, name: str, resource_name: str) -> Nights:
    found = bench(name)
    resource = found.system.resource(resource_name)
    return Nights(found, resource, Database(database), write_suite(tmp_path, name, resource))


def without(resource: Resource, field: str) -> Resource:
    fields = tuple(item for item in resource.fields if item.name != field)
    return replace(resource, fields=fields, writes=None, offers={}, links=None)


@on_resources
def test_a_field_that_is_declared_later_is_read_of_all_records(nights: Nights, field: str) -> None:
    nights.run(without(nights.resource, field))
    assert nights.run(without(nights.resource, field)).received == 0
    assert nights.unread() == []
    nights.run(nights.resource)
    held, lacking = nights.lacking(field)
    assert held > 0
    assert lacking == 0
    assert nights.unread() == []
    assert nights.run(nights.resource).received == 0, "only once"


@pytest.mark.parametrize(("name", "resource_name", "field"), READ[:1], ids=["one"])
def test_until_then_the_field_is_told_as_unread_and_a_repeated_run_reads_all_again(
    nights: Nights, field: str
) -> None:
    nights.run(without(nights.resource, field))
    system = nights.bench.system
    create_tables(nights.database, system, nights.resource)
    window = Window(nights.until - timedelta(days=1), nights.until)
    extract_window(nights.database, nights.bench.session(), system=system, resource=nights.resource, window=window)
    assert nights.unread() == [field], "it has landed, and nobody has judged it"
    first = nights.run(nights.resource)
    assert nights.unread() == []
    assert nights.run(nights.resource, again=True).received == first.received > 0


@pytest.mark.parametrize(("name", "resource_name", "field"), READ[:1], ids=["one"])
def test_a_resource_may_be_read_whole_every_few_nights(nights: Nights, field: str) -> None:
    assert isinstance(nights.resource.changes, ChangedBetween)
    often = replace(nights.resource, changes=replace(nights.resource.changes, whole_every=2))
    received = [nights.run(often).received for _ in range(5)]
    assert received == [received[0], 0, received[0], 0, received[0]]
    assert received[0] > 0
