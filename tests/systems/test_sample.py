"""A sample is read, judged and kept, covers no window and deletes nothing; afterwards everything is read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from concord.contract import Window
from concord.settings import read_start
from concord.stages.extract.choose_window import continue_coverage
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import Bench
from concord.testing.suites import write_suite

END = datetime(2027, 1, 1, tzinfo=UTC)
USED = "[systems.shopify]\n{}[systems.stripe]\n"


def read(bench: Bench, url: str, folder: Path, window: Window) -> BatchCounts:
    system, resource = bench.system, bench.system.resource("customers")
    create_tables(Database(url), system, resource)
    batch = extract_window(Database(url), bench.session(), system=system, resource=resource, window=window)
    suites = write_suite(folder, system.name, resource)
    return validate_batch(Database(url), system=system, resource=resource, batch_id=batch, suites=suites)


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def test_a_sample_covers_nothing_and_all_is_read_when_its_limit_is_gone(
    shopify: Bench, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    file = tmp_path / "concord.toml"
    file.write_text(USED.format(""))
    first = Window(read_start(), END)
    held = read(shopify, database, tmp_path, first).validated
    file.write_text(USED.format("limit = 3\n"))
    sampled = read(shopify, database, tmp_path, Window(END, END + timedelta(days=1)))
    again = read(shopify, database, tmp_path, first)
    assert (sampled.received, again.received) == (0, 3), "a sample has no more than changed"
    purposes = "select distinct purpose, covered_window is null, state from ops.batches"
    assert ask(database, purposes) == [("sample", True, "covered")]
    kept = "select count(*) from validated.shopify__customers where not _is_deleted"
    assert ask(database, kept) == [(held,)], "what the sample does not hold is not gone"
    file.write_text(USED.format(""))
    resource = shopify.system.resource("customers")
    window = continue_coverage(
        Database(database), shopify.system, resource, interval_start=END, interval_end=END + timedelta(days=1)
    )
    assert window.start == read_start()
    assert read(shopify, database, tmp_path, first).received > held / 2
    assert ("window", False, "covered") in ask(database, purposes), "the same window, read whole, is covered now"
