"""SAP's services are read, validated and staged: one spelling of numbers, times, names and amounts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from concord.contract import Window
from concord.installed import PRODUCT
from concord.protocols.session.auth import BasicLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from sandbox.launch import start
from sandbox.load import load
from sandbox.vendors.sap.vendor import Sap
from sandbox.world import World, generate
from sandbox.world.catalog import make_products
from tests.dbt.conftest import Reconciliation

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SYSTEM = system("sap")
SYSTEMS = "sap"


@pytest.fixture(scope="module")
def small() -> World:
    return generate(7, as_of=datetime(2026, 11, 20, tzinfo=UTC), customers=120, products=40, orders=120)


@pytest.fixture(scope="module")
def counts(
    reconciliation: Reconciliation, small: World, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BatchCounts]:
    """A night's reading of SAP, from its services to the staging views."""
    folder: Path = tmp_path_factory.mktemp("sap")
    load("sap", folder, small.of("sap"))
    server, database = start("sap", folder), reconciliation.database
    session = HttpSession(Connection("sap_default", server.url, *Sap.client), BasicLogin())
    read: dict[str, BatchCounts] = {}
    for resource in SYSTEM.resources:
        batch = extract_window(database, session, system=SYSTEM, resource=resource, window=YEAR)
        suites = PRODUCT / "expectations"
        read[resource.name] = validate_batch(
            database, system=SYSTEM, resource=resource, batch_id=batch, suites=suites
        )
    session.close()
    server.stop()
    reconciliation.build("concord.staging.sap int_sap__prices", "sap")
    return read


def test_every_record_passes(counts: dict[str, BatchCounts], small: World) -> None:
    assert {name: found.quarantined for name, found in counts.items()} == dict.fromkeys(counts, 0)
    assert counts["sales_orders"].validated == len(list(small.records("sap", "A_SalesOrder"))) > 20


def test_partners_are_found_by_their_number_without_zeros(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation
) -> None:
    assert counts["business_partners"].validated > 20
    padded = "select count(*) from validated.sap__sales_orders where partner_source_id like '0%'"
    assert reconciliation.value(padded) > 5  # type: ignore[operator]
    lost = (
        "select count(*) from staging.stg_sap__sales_orders left join validated.sap__business_partners "
        "on partner_source_id = _key where _key is null"
    )
    assert reconciliation.value(lost) == 0


def test_partners_say_who_they_are_and_when_they_changed(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation, small: World
) -> None:
    assert counts["business_partners"].validated > 20
    partners = {item["BusinessPartner"]: item for item in small.records("sap", "A_BusinessPartner")}
    rows = reconciliation.rows(
        "select partner_source_id, partner_kind, company_name, last_name, p.changed_at, email, street "
        "from staging.stg_sap__business_partners as p join staging.stg_sap__addresses using (partner_source_id) "
        "order by 1"
    )
    live = [key for key, item in partners.items() if not item["IsMarkedForArchiving"]]
    assert [row[0] for row in rows] == sorted(live)
    for key, kind, company, last_name, changed_at, email, street in rows:
        partner = partners[str(key)]
        assert changed_at == datetime.fromisoformat(partner["__stamp"])
        assert (company is None, last_name is None) == (kind == "person", kind == "company")
        assert email
        assert street
    assert any(partners[str(row[0])]["LastChangeDate"] is None for row in rows)


def test_orders_whose_items_are_rejected_are_cancelled(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation, small: World
) -> None:
    assert counts["sales_orders"].validated > 20
    cancelled = reconciliation.rows("select order_source_id from staging.stg_sap__sales_orders where is_cancelled")
    orders = small.records("sap", "A_SalesOrder")
    rejected = [item["SalesOrder"] for item in orders if item["to_Item"][0]["SalesDocumentRjcnReason"]]
    assert sorted(str(row[0]) for row in cancelled) == sorted(rejected) != []


def test_stock_and_products_meet(counts: dict[str, BatchCounts], reconciliation: Reconciliation) -> None:
    assert counts["stock_levels"].validated == 40
    met = (
        "select count(*), bool_and(is_free_to_use), bool_and(product_name <> '') "
        "from staging.stg_sap__stock_levels join staging.stg_sap__products using (product_source_id)"
    )
    assert reconciliation.rows(met) == [(40, True, True)]


def test_a_product_has_the_price_of_one_piece_that_counts_today(
    counts: dict[str, BatchCounts], reconciliation: Reconciliation, small: World
) -> None:
    assert counts["prices"].validated == 160
    rows = reconciliation.rows("select product_source_id, price from intermediate.int_sap__prices")
    assert {str(sku): price for sku, price in rows} == {
        product.sku: product.price for product in make_products(small.settings)
    }
