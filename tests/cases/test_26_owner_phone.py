"""An owner keeps what nobody can read, and what was removed at an owner is not put back from another system."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from concord.stages.reconcile.phone_numbers import read_phone_numbers
from tests.dbt.conftest import Reconciliation, Row, reconciliation
from tests.dbt.desired import wanted_changes
from tests.dbt.world_rows import STAMP, insert_rows

__all__ = ["reconciliation"]

CASES = [*csv.DictReader((Path(__file__).parent / "data" / "26_owner_phone.csv").read_text().splitlines())]
REMOVED, NEVER_HAD, SIGNS, NO_COUNTRY, NO_CODE = "7", "8", "9", "10", "11"
ORDERS = {"#1": ("EURO", "EUR"), "#2": ("EUR", "USD"), "#3": ("eur", "EUR")}
BERLIN, VIENNA = "+49301234567", "+4312345678"
CRM_PHONES = {"salesforce__contacts": {"phone": "phone", "last_name": "last_name", "email": "email"}}
FIELDS = CRM_PHONES | {"shopify__customers": {"phone": "phone", "country_code": "country_code"}}
COVERED = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%(name)s, %(system)s, %(name)s, 'window', tstzrange(null, null), 'covered')
"""
OPEN = """
select system, record_key, field, cause, system_value from marts.reconciliation_discrepancies
where entity = 'customer' and field <> 'exists' order by system, length(record_key), record_key, field
"""


def customers() -> Iterable[tuple[str, dict[str, str | None]]]:
    """The case's customers by number, and five more of the same kind."""
    for number, case in enumerate(CASES, 1):
        yield str(number), {"phone": case["crm_phone"], "country": case["crm_account_country"], **case}
    yield REMOVED, {"phone": BERLIN, "country": "Germany", "shop_phone": BERLIN}
    yield NEVER_HAD, {"phone": None, "country": "Germany", "shop_phone": VIENNA}
    yield SIGNS, {"phone": BERLIN, "country": "Germany", "shop_phone": BERLIN, "name": "-"}
    yield NO_COUNTRY, {"phone": BERLIN, "country": "Germany", "shop_phone": BERLIN, "shop_country": "???"}
    yield NO_CODE, {"phone": BERLIN, "country": "Germany", "shop_phone": BERLIN, "shop_country": "QX"}


def keyed(number: str, **values: object) -> dict[str, Any]:
    return {"_key": number, "source_id": number, "updated_at": STAMP, **values}


def fill(database: str) -> None:
    tables: dict[str, list[dict[str, Any]]] = {"salesforce__accounts": [], "salesforce__contacts": []}
    tables["shopify__customers"] = []
    for number, case in customers():
        name = {"first_name": f"Ada{number}", "email": f"ada{number}@example.com"}
        account = keyed(number, account_name=f"Ada{number} Smith{number}", country_name=case["country"] or None)
        contact = keyed(number, account_source_id=number, phone=case["phone"], last_name=f"Smith{number}", **name)
        shop = {"phone": case["shop_phone"], "country_code": case.get("shop_country")}
        last_name = case.get("name") or f"Smith{number}"
        tables["salesforce__accounts"].append(account)
        tables["salesforce__contacts"].append(contact)
        tables["shopify__customers"].append(keyed(number, last_name=last_name, **name, **shop))
    for number, (name, currencies) in enumerate(ORDERS.items(), 1):
        order = keyed(f"o{number}", total_amount=9)
        shop = {"order_name": name, "customer_source_id": NEVER_HAD, "currency_code": currencies[0]}
        tables.setdefault("shopify__orders", []).append(order | shop)
        crm = {"shop_order_name": name, "account_source_id": NEVER_HAD, "currency_code": currencies[1]}
        tables.setdefault("salesforce__orders", []).append(order | crm)
    with psycopg.connect(database) as connection:
        for table, rows in tables.items():
            insert_rows(connection, table, rows)
        for system in ("salesforce", "shopify", "tryton"):
            connection.execute(COVERED, {"name": f"{system}_all", "system": system})


@dataclass(frozen=True, slots=True)
class FirstNight:
    """The warehouse, with what was wanted and open after the first night."""

    warehouse: Reconciliation
    wanted: set[tuple[str, str | None, str, object]]
    open: list[Row]


@pytest.fixture(scope="module")
def first(reconciliation: Reconciliation) -> FirstNight:
    fill(reconciliation.database.url)
    reconciliation.run("first")
    return FirstNight(reconciliation, wanted(reconciliation), reconciliation.rows(OPEN))


def change(warehouse: Reconciliation, phone: str | None) -> None:
    with psycopg.connect(warehouse.database.url) as connection:
        connection.execute(
            "update validated.salesforce__contacts set phone = %s where _key = %s", (phone, REMOVED)
        )


def wanted(warehouse: Reconciliation) -> set[tuple[str, str | None, str, object]]:
    return {(item.table, item.key, item.column, item.after) for item in wanted_changes(warehouse, FIELDS)}


ORDER_CURRENCIES = """
select system, golden_id, cause, system_value, golden_value from marts.reconciliation_discrepancies
where entity = 'order' and field = 'currency_code' order by 1, 2
"""
FILLED = ("salesforce__contacts", NEVER_HAD, "phone", VIENNA)


def test_only_an_owner_that_never_had_a_value_is_filled(first: FirstNight) -> None:
    assert len(CASES) == 3
    assert {item for item in first.wanted if item[2] in ("phone", "last_name")} == {FILLED}


def test_each_value_that_cannot_be_read_is_a_discrepancy_of_its_record(first: FirstNight) -> None:
    unreadable = [(row[0], row[1], row[2], row[4]) for row in first.open if row[3] == "unreadable"]
    phones = [("salesforce", str(number), "phone", case["crm_phone"]) for number, case in enumerate(CASES, 1)]
    country = ("salesforce", "3", "country_code", "ddr")
    assert sorted(unreadable) == sorted(
        [
            *phones,
            country,
            ("shopify", SIGNS, "last_name", "-"),
            ("shopify", NO_COUNTRY, "country_code", "???"),
            ("shopify", NO_CODE, "country_code", "QX"),
        ]
    )


def test_an_order_in_no_known_currency_is_unreadable_and_decides(first: FirstNight) -> None:
    assert first.warehouse.rows(ORDER_CURRENCIES) == [
        ("salesforce", "#2", "currency", "USD", "EUR"),
        ("shopify", "#1", "unreadable", "EURO", None),
    ]
    assert first.warehouse.rows("select order_id, currency_code from marts.orders order by 1") == [
        ("#1", None),
        ("#2", "EUR"),
        ("#3", "EUR"),
    ]


def test_a_spelling_is_read_once(first: FirstNight) -> None:
    assert read_phone_numbers(first.warehouse.database).read == 0
    assert first.warehouse.value(
        "select array_agg(distinct reason order by reason) from ops.phone_numbers where reason is not null"
    ) == ["no_country", "several_numbers"]


def test_a_value_removed_at_its_owner_is_not_put_back(first: FirstNight) -> None:
    warehouse = first.warehouse
    change(warehouse, None)
    warehouse.run("second")
    warehouse.build("tag:marts", "third")
    assert {item for item in wanted(warehouse) if item[2] == "phone"} == {FILLED}
    assert ("shopify", REMOVED, "phone", "removed", BERLIN) in warehouse.rows(OPEN)
