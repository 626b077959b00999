"""From order to cash over all systems: the marts of payments, parcels and consent are compared with the world."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from concord.settings import Settings
from concord.store.engine import Database
from concord.testing.benches import facts_of
from sandbox.referee.order_to_cash import check_order_to_cash
from sandbox.vendors.stripe.world_objects import is_customer, payout_id
from sandbox.world import World, generate
from sandbox.world.commerce import break_of, make_charges, make_invoices, make_payouts, make_shipments
from sandbox.world.consent import SUBSCRIBED, UNSUBSCRIBED, consent_of
from sandbox.world.customers import make_customer, make_customers
from sandbox.world.deliveries import is_untold
from sandbox.world.orders import make_orders
from tests.dbt.all_systems import read
from tests.dbt.conftest import Reconciliation
from tests.dbt.world_rows import load_world, prepare_tables

READ = {
    "hubspot": ("contacts",),
    "klaviyo": ("profiles",),
    "netsuite": ("customers", "invoices"),
    "stripe": ("customers", "charges", "refunds", "payouts", "balance_transactions"),
}
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def world() -> World:
    """A world that ends now, because the clock decides whether something is late."""
    return generate(7, as_of=datetime.now(UTC), customers=250, products=100, orders=1000)


@pytest.fixture(scope="module")
def books(module_database: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Reconciliation:
    """A night of all systems that hold payments, invoices, parcels or consent, including its report."""
    database = Database(module_database)
    prepare_tables(database)
    load_world(database, world)
    for name, resources in READ.items():
        with facts_of(name).open(world, tmp_path_factory.mktemp(name)) as bench:
            for resource in resources:
                read(database, bench, resource, at_least=10)
    home = tmp_path_factory.mktemp("home")
    settings = Settings(warehouse_url=module_database, home=home, reports=home)
    found = Reconciliation(database, settings, systems="")
    found.run("first")
    found.build("tag:measure", "first")
    return found


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0)).quantize(CENT)


def test_every_planted_break_is_found_with_its_cause_and_none_is_invented(
    books: Reconciliation, world: World
) -> None:
    verdict = check_order_to_cash(world, {"shopify", "salesforce", "tryton", *READ}, books.database)
    assert verdict.planted > 40
    assert (verdict.missed, verdict.invented) == ((), ())
    assert set(books.rows("select cause, entity from marts.discrepancies where cause = 'quarantined'")) >= {
        ("quarantined", "payment"),
        ("quarantined", "invoice"),
    }


def test_payments_and_invoices_are_those_of_the_world_but_for_what_is_set_aside(
    books: Reconciliation, world: World
) -> None:
    settings = world.settings
    charges = [item for item in make_charges(settings) if break_of(settings, item.order) != "charge_broken"]
    invoices = [item for item in make_invoices(settings) if break_of(settings, item.order) != "invoice_broken"]
    kept = total(charge.amount - charge.refunded for charge in charges)
    assert books.rows("select count(*), sum(kept_amount) from marts.payments") == [(len(charges), kept)]
    billed = total(invoice.amount for invoice in invoices)
    assert books.rows("select count(*), sum(total_amount) from marts.invoices") == [(len(invoices), billed)]
    guests = [item for item in charges if not is_customer(make_customer(settings, item.order.customer_index))]
    assert books.value("select count(*) from marts.payments where customer_id is null") == len(guests)


def test_payouts_differ_by_what_the_bank_kept(books: Reconciliation, world: World) -> None:
    short = {payout_id(item.arrives_on) for item in make_payouts(world.settings) if item.amount != item.expected}
    found = {
        key for (key,) in books.rows("select payout_source_id from marts.payouts where difference_amount <> 0")
    }
    assert short
    assert found == short


def test_parcels_are_those_of_the_shop(books: Reconciliation, world: World) -> None:
    told = [item for item in make_shipments(world.settings) if not is_untold(world.settings, item.order)]
    known = {(item.order.number, item.tracking_number) for item in told}
    assert set(books.rows("select order_id, tracking_number from marts.shipments")) == known


def test_an_order_is_whole_but_where_something_was_planted(books: Reconciliation, world: World) -> None:
    planted = {order.number for order in make_orders(world.settings) if break_of(world.settings, order)}
    unknown = {*world.truth.missing_orders, *world.truth.held_orders}
    query = "select order_id from marts.order_to_cash where not is_whole"
    torn = {str(order) for (order,) in books.rows(query)}
    assert planted - unknown <= torn
    assert torn - planted <= unknown
    assert books.value("select count(*) from marts.order_to_cash where is_whole") > 700


def test_consent_is_what_the_customer_said_and_never_more(books: Reconciliation, world: World) -> None:
    said = {item.world_id: consent_of(world.settings, item) for item in make_customers(world.settings)}
    found = dict(books.rows("select email_consent, count(*) from marts.marketing_profiles group by 1"))
    overlooked = [item for item in said.values() if (item.at_marketing, item.truly) == (SUBSCRIBED, UNSUBSCRIBED)]
    assert found.keys() == {"subscribed", "unsubscribed", "never_asked"}
    assert overlooked
    assert books.value("select count(*) from marts.marketing_profiles where is_contradicted") == len(overlooked)
    assert (
        books.value(
            "select count(*) from marts.marketing_profiles where email_consent = 'subscribed' and refused_at <> ''"
        )
        == 0
    )
