"""Case 11: what is deleted without a report is known as deleted within the nights that its resource declares."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from concord.contract import ChangedBetween, Window
from concord.installed import PRODUCT
from concord.settings import read_start
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables, validated_table
from concord.testing.benches import facts_of
from sandbox.world import generate

FIRST = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(("system", "resource"), [("shopify", "orders"), ("salesforce", "contacts")])
def test_what_is_deleted_for_good_is_marked_within_its_nights(
    database: str, tmp_path: Path, system: str, resource: str
) -> None:
    world = generate(7, as_of=FIRST - timedelta(days=1), customers=30, products=10, orders=40)
    store = Database(database)
    with facts_of(system).open(world, tmp_path) as bench:
        declared, session = bench.system.resource(resource), bench.session()
        create_tables(store, bench.system, declared)

        def read(window: Window) -> None:
            batch = extract_window(store, session, system=bench.system, resource=declared, window=window)
            suites = PRODUCT / "expectations"
            validate_batch(store, system=bench.system, resource=declared, batch_id=batch, suites=suites)

        read(Window(read_start(), FIRST))
        with psycopg.connect(database) as connection:
            query = sql.SQL("select min(_key) from {}").format(validated_table(bench.system, declared))
            (key,) = connection.execute(query).fetchone() or ("",)
        bench.desk.delete(declared, key)
        if declared.deleted:  # it is in the recycle bin, and leaves it before the next night
            bench.desk.delete(declared, key)
        assert isinstance(declared.changes, ChangedBetween)
        for night in range(declared.changes.list_every):
            read(Window(FIRST + timedelta(days=night), FIRST + timedelta(days=night + 1)))
        with psycopg.connect(database) as connection:
            query = sql.SQL("select _is_deleted from {} where _key = %s")
            table = validated_table(bench.system, declared)
            assert connection.execute(query.format(table), (key,)).fetchall() == [(True,)]
