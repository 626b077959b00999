"""The task validate: a refused batch keeps no other from being judged, and a retry judges it alone."""

import sys

import pytest

from concord import registry
from concord.contract import Batch, Window
from concord.errors import BatchError
from concord.orchestration import ingesting
from concord.store.engine import LOADER, Database
from concord.store.ledger.batches import open_batch, record_received
from concord.store.tables import create_tables
from concord.testing.landing import Warehouse
from concord.testing.plantings import good_row, table_faults
from tests.dags.test_windows import DAY, MIDNIGHT

WINDOW = Window(MIDNIGHT - DAY, MIDNIGHT)
LIBRARY = ("great_expectations", "concord.stages.validate.library")
NO_PRICES = next(iter(table_faults("shopify/products")))


@pytest.fixture
def night(database: str, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setenv("CONCORD_WAREHOUSE_URL", database)
    for resource in registry.system("shopify").resources:
        create_tables(Database(database), registry.system("shopify"), resource)
    return Warehouse(database)


def forbid_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBRARY:
        monkeypatch.setitem(sys.modules, name, None)


def land(night: Warehouse, name: str, rows: list[dict[str, str | None]]) -> dict[str, str]:
    system = registry.system("shopify")
    night.land(f"shopify/{name}", name, rows)
    with Database(night.url).transaction(LOADER) as connection:
        open_batch(connection, Batch(system, system.resource(name), name), purpose="window", window=WINDOW)
        record_received(connection, name, len(rows))
    return {"resource": name, "batch_id": name}


def land_night(night: Warehouse) -> list[dict[str, str]]:
    """One customer, products without prices, and nothing of the rest."""
    count, change = table_faults("shopify/products")[NO_PRICES]
    good = good_row("shopify/products")
    rows = [{**good, **change, "source_id": f"{good['source_id']}{number}"} for number in range(count)]
    full = {"customers": [good_row("shopify/customers")], "products": rows}
    names = [resource.name for resource in registry.system("shopify").resources]
    return [land(night, name, full.get(name, [])) for name in names]


def test_a_refused_batch_is_named_after_the_others_were_judged(night: Warehouse) -> None:
    landed = land_night(night)
    assert landed[-1]["resource"] != "products"
    with pytest.raises(BatchError, match=f"1 of {len(landed)} resources .*products: .*{NO_PRICES}"):
        ingesting.validate("shopify", landed, params={"accept_volume": False})
    counts = ingesting.validate("shopify", landed, params={"accept_volume": True})
    assert len(counts) == len(landed)
    assert counts["customers"]["validated"] == 1


def test_a_retry_does_not_check_again_what_was_judged(night: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    landed = [land(night, "customers", [good_row("shopify/customers")])]
    unread = r"fulfillment_orders: it was not read"
    for _ in range(2):
        with pytest.raises(BatchError, match=unread) as refused:
            ingesting.validate("shopify", landed, params={"accept_volume": False})
        assert "customers:" not in str(refused.value)
        forbid_library(monkeypatch)


def test_a_night_in_which_nothing_changed_does_without_the_library(
    night: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_library(monkeypatch)
    names = [resource.name for resource in registry.system("shopify").resources]
    landed = [land(night, name, []) for name in names]
    counts = ingesting.validate("shopify", landed, params={"accept_volume": False})
    assert [item["received"] for item in counts.values()] == [0] * len(names)
