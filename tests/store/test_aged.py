"""A price that counts from a day on, or until a day, is worked on when that day has come or gone."""

from dataclasses import replace
from datetime import datetime

import psycopg
import pytest

from concord import registry
from concord.stages.reconcile.aged import take_aged
from concord.store.engine import LOADER, Database, fetch_texts
from concord.store.tables import create_tables
from tests.dbt.world_rows import insert_rows

PRICES = {
    "begun": ("2026-11-21", "2026-12-31"),
    "ended": ("2026-01-01", "2026-11-20"),
    "lasting": ("2026-11-20", "2026-11-21"),
    "future": ("2026-11-22", "2026-12-31"),
    "past": ("2026-01-01", "2026-11-19"),
}


@pytest.mark.parametrize(
    ("since", "now", "touched"),
    [
        pytest.param("2026-11-20T23:00", "2026-11-21T02:00", ["begun", "ended"], id="over_midnight"),
        pytest.param("2026-11-20T02:00", "2026-11-20T23:00", [], id="within_a_day"),
    ],
)
def test_days_alone_let_a_price_be_worked_on(database: str, since: str, now: str, touched: list[str]) -> None:
    declared = registry.system("sap")
    sap = replace(declared, resources=(declared.resource("prices"),))
    create_tables(Database(database), sap, sap.resources[0])
    with psycopg.connect(database) as connection:
        for key, (first, last) in PRICES.items():
            row = {"_key": key, "source_id": key, "valid_from_date": first, "valid_to_date": last}
            insert_rows(connection, "sap__prices", [row])
    moments = {"since": datetime.fromisoformat(f"{since}+00:00"), "now": datetime.fromisoformat(f"{now}+00:00")}
    with Database(database).transaction(LOADER) as connection:
        take_aged(connection, [sap], **moments)
        found = fetch_texts(connection, "select record_key from touched.records order by 1")
    assert found == touched
