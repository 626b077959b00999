"""Customers and orders of all systems at once: ERP, CRM and shop as rows, the others read from running servers."""

from collections import Counter, defaultdict

import pytest

from concord.settings import Settings
from concord.store.engine import Database
from concord.testing.benches import facts_of
from sandbox.vendors.hubspot.world import STAGES, deal_id, is_deal, stage_of
from sandbox.vendors.legacy_sql.world import WRONG_NAMES, customer_number, write_lines
from sandbox.world import World
from sandbox.world.consent import SUBSCRIBED, UNSUBSCRIBED, consent_of
from sandbox.world.customers import make_customers
from sandbox.world.orders import make_orders
from tests.dbt.all_systems import (
    CONSENT,
    READ,
    REVIEWED,
    TELL,
    UNSAID,
    UNTOLD,
    XREF,
    ask_carrier,
    is_wrong,
    read,
    spoil,
)
from tests.dbt.booked import Booking, Orders, lacked_orders, read_orders
from tests.dbt.conftest import Reconciliation, Row
from tests.dbt.desired import ALL_COLUMNS, ORDER_COLUMNS, OTHER_COLUMNS, Wanted, comply, wanted_changes
from tests.dbt.parcels import CRM, PARCEL_COLUMNS, SHOP, due_in_crm, due_in_shop, planned
from tests.dbt.world_rows import load_world, prepare_tables

Before = tuple[list[Wanted], list[Row], list[Booking], list[Wanted]]


@pytest.fixture(scope="module")
def everyone(module_database: str, world: World, tmp_path_factory: pytest.TempPathFactory) -> Reconciliation:
    """All systems, reconciled once."""
    database = Database(module_database)
    prepare_tables(database)
    load_world(database, world)
    for name, resources in READ.items():
        with facts_of(name).open(world, tmp_path_factory.mktemp(name)) as bench:
            for resource in resources:
                read(database, bench, resource)
    with facts_of("fedex").open(world, tmp_path_factory.mktemp("fedex")) as bench:
        ask_carrier(database, bench)
    home = tmp_path_factory.mktemp("home")
    settings = Settings(warehouse_url=module_database, home=home, reports=home)
    found = Reconciliation(database, settings, systems="")
    found.run("first")
    return found


@pytest.fixture(scope="module")
def first_night(everyone: Reconciliation) -> list[Wanted]:
    """The fields that would be written to systems that do not own them."""
    return wanted_changes(everyone, OTHER_COLUMNS)


@pytest.fixture(scope="module")
def orders(everyone: Reconciliation) -> Orders:
    """The orders that would be created or changed in SAP, the ledger and HubSpot."""
    return read_orders(everyone)


@pytest.fixture(scope="module")
def first_parcels(everyone: Reconciliation) -> tuple[list[Wanted], list[Row]]:
    """The fields of parcels that would be written, and the parcels that the shop does not know."""
    return wanted_changes(everyone, PARCEL_COLUMNS), everyone.rows(UNTOLD)


@pytest.fixture(scope="module")
def consent(everyone: Reconciliation) -> list[Row]:
    """The customers whose consent is to be withdrawn, the system that says so, and the desired consent."""
    return everyone.rows(CONSENT)


@pytest.fixture(scope="module")
def before(first_night: list[Wanted], consent: list[Row], orders: Orders) -> Before:
    """The results of the first night, read before they are written to the systems."""
    return first_night, consent, orders.bookings, orders.deals


@pytest.fixture(scope="module")
def unsaid(everyone: Reconciliation) -> list[Row]:
    """The messages that are to be sent to the old shop's programs, and their customers."""
    return everyone.rows(UNSAID)


@pytest.fixture(scope="module")
def clusters(everyone: Reconciliation) -> dict[str, list[tuple[str, str]]]:
    found = defaultdict(list)
    for golden_id, system, key in everyone.rows(XREF):
        found[str(golden_id)].append((str(system), str(key)))
    return found


@pytest.fixture(scope="module")
def owners(clusters: dict[str, list[tuple[str, str]]], world: World) -> dict[str, str]:
    """The world's customer that most records of a golden customer belong to, by golden id."""
    members = world.truth.members()
    known = {
        golden_id: Counter(members[member] for member in cluster if member in members)
        for golden_id, cluster in clusters.items()
    }
    return {golden_id: owners.most_common(1)[0][0] for golden_id, owners in known.items() if owners}


def test_everybody_is_found_in_every_system(clusters: dict[str, list[tuple[str, str]]], world: World) -> None:
    found = {member for cluster in clusters.values() for member in cluster}
    refused = {item["record"] for item in world.truth.quarantine}
    systems = {"shopify", "salesforce", "tryton", *READ}
    live = {member for member in world.truth.members() if member[0] in systems}
    missing = {member for member in live - found if not any(item.endswith(f"/{member[1]}") for item in refused)}
    assert missing == set()
    precision, recall = world.truth.pairwise(clusters.values())
    assert precision == 1
    assert recall >= 0.97


def test_whom_a_person_must_look_at_is_one_customer_known_twice(
    everyone: Reconciliation, world: World, owners: dict[str, str]
) -> None:
    pairs = [(str(one), str(other)) for one, other in everyone.rows(REVIEWED)]
    assert {owners[one] for pair in pairs for one in pair} >= {item["world_id"] for item in world.truth.review}
    assert [pair for pair in pairs if owners[pair[0]] != owners[pair[1]]] == []
    assert len(set(pairs)) == len(pairs), "two customers are one question, however many records they have"


def test_nothing_wrong_would_be_written_anywhere(
    first_night: list[Wanted], world: World, owners: dict[str, str]
) -> None:
    changed = Counter(item.table for item in first_night)
    assert [item for item in first_night if not item.fact or is_wrong(item, world, owners)] == []
    assert changed.keys() == {
        "hubspot__contacts",
        "klaviyo__profiles",
        "netsuite__customers",
        "stripe__customers",
        "legacy_sql__customers",
    }


def test_each_book_gets_exactly_the_orders_it_lacks(orders: Orders, world: World) -> None:
    unbooked = lacked_orders(world)
    assert unbooked.keys() == {"sap", "netsuite", "hubspot"}
    assert Counter((booking.system, booking.order_name) for booking in orders.bookings) == Counter(
        (system, name) for system, names in unbooked.items() for name in names
    )


def test_an_order_is_booked_for_its_customer_at_its_price(orders: Orders, world: World) -> None:
    true = {entity["number"]: entity for entity in world.truth.entities.values() if "number" in entity}
    assert len(orders.bookings) > 50
    assert [item for item in orders.bookings if not item.is_right(world.truth, true[item.order_name])] == []


def test_deals_follow_their_orders_and_those_of_test_orders_go(orders: Orders, world: World) -> None:
    settings = world.settings
    true = {deal_id(order.index): order for order in make_orders(settings) if is_deal(settings, order)}
    gone = {key for key, order in true.items() if order.is_test}
    late = {key for key, order in true.items() if stage_of(settings, order) != STAGES[order.state]}
    wanted = {(item.key, item.column): item.after for item in orders.deals}
    assert gone
    assert late
    assert wanted == {
        **{(key, "is_archived"): True for key in gone},
        **{(key, "deal_stage"): STAGES[true[key].state] for key in late},
    }


def test_no_order_is_called_wrong_that_is_right(orders: Orders, world: World) -> None:
    lacking = {system: len(names) for system, names in lacked_orders(world).items()}
    late = sum(item.column == "deal_stage" for item in orders.deals)
    found = Counter(orders.breaks)
    assert found.pop(("sap", "exists", "blocked")) > 0
    assert found == {
        **{(system, "exists", "missing_record"): count for system, count in lacking.items()},
        ("hubspot", "order_status", "state"): late,
    }


def test_what_the_carrier_knows_would_reach_the_shop_and_the_crm(
    first_parcels: tuple[list[Wanted], list[Row]], world: World
) -> None:
    wanted, breaks = first_parcels
    due = due_in_shop(world)
    untold = {name: fields["tracking_number"] for name, fields in due.items() if "tracking_number" in fields}
    assert 0 < len(untold) < len(due) < len(due_in_crm(world))
    assert planned(wanted, SHOP) == due
    assert planned(wanted, CRM) == due_in_crm(world)
    assert set(breaks) == {(name, "shopify", "fedex", number, "missing_record") for name, number in untold.items()}


def test_the_old_programs_are_told_each_wrong_name_and_no_other(
    unsaid: list[Row], world: World, owners: dict[str, str]
) -> None:
    wrong = {
        customer.world_id: (customer_number(customer.index), *write_lines(customer), "CUSTOMER")
        for customer in make_customers(world.settings)
        if customer.slot in WRONG_NAMES
    }
    assert len(unsaid) == len(wrong) == len(WRONG_NAMES)
    assert {owners[str(golden_id)]: tuple(said) for golden_id, *said in unsaid} == wrong


def test_whoever_opted_out_anywhere_is_taken_off_the_list_and_nobody_is_put_on_it(
    everyone: Reconciliation, consent: list[Row], world: World, owners: dict[str, str]
) -> None:
    truly = {
        customer.world_id: consent_of(world.settings, customer) for customer in make_customers(world.settings)
    }
    overlooked = {
        world_id
        for world_id, said in truly.items()
        if (said.at_marketing, said.truly) == (SUBSCRIBED, UNSUBSCRIBED)
    }
    assert len(overlooked) > 3
    assert {owners[str(golden_id)] for golden_id, _, _ in consent} == overlooked
    assert {(source, wanted) for _, source, wanted in consent} == {("hubspot", "UNSUBSCRIBED")}
    assert (
        everyone.value(
            "select count(*) from marts.desired_klaviyo__profiles where email_consent <> 'UNSUBSCRIBED'"
        )
        == 0
    )


@pytest.mark.usefixtures("first_night", "first_parcels", "consent", "unsaid")
def test_only_what_somebody_overwrote_is_put_right_the_next_night(
    everyone: Reconciliation, before: Before, world: World, owners: dict[str, str]
) -> None:
    assert all(before)
    comply(everyone, ALL_COLUMNS)
    assert len(everyone.rows(TELL)) == len(WRONG_NAMES)
    spoilt = {
        ((table, column), spoil(everyone, table, column, where))
        for table, column, where in (
            ("sap__business_partners", "organization_name_1", "partner_category = '2' and not is_archived"),
            ("sap__business_partners", "last_name", "partner_category = '1' and not is_archived"),
            ("sap__addresses", "street_name", "house_number <> ''"),
            ("sap__addresses", "city", "true"),
            ("netsuite__customers", "company_name", "not is_person"),
            ("netsuite__customers", "last_name", "is_person"),
            ("stripe__customers", "customer_name", "true"),
            ("klaviyo__profiles", "company_name", "company_name is not null"),
            ("legacy_sql__customers", "street", "true"),
        )
    }
    everyone.run("second")
    assert wanted_changes(everyone, PARCEL_COLUMNS) == []
    assert everyone.rows(UNTOLD) == []
    wanted = wanted_changes(everyone, OTHER_COLUMNS | ORDER_COLUMNS)
    assert {((item.table, item.column), item.key) for item in wanted} == spoilt
    assert everyone.rows(UNSAID) == []
    assert [item for item in wanted if item.fact and is_wrong(item, world, owners)] == []
