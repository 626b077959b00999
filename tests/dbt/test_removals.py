"""A value removed at its owner: the rule of its field says whether it travels to those that still hold it."""

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from concord.stages.reconcile.identify import identify
from tests.dbt.conftest import Reconciliation, Row
from tests.dbt.desired import wanted_changes
from tests.dbt.world_rows import STAMP, insert_rows

COPIED, OTHER, NEVER_HAD = "1", "2", "3"
BERLIN, VIENNA = "+49301234567", "+4312345678"
SHOP_PHONES = {COPIED: BERLIN, OTHER: VIENNA, NEVER_HAD: VIENNA[:-1] + "9"}
FIELDS = {
    "salesforce__contacts": {"phone": "phone"},
    "shopify__customers": {"phone": "phone", "street": "street"},
}
COVERED = """
insert into ops.batches (batch_id, system, resource, purpose, covered_window, state)
values (%(name)s, %(system)s, %(name)s, 'window', tstzrange(null, null), 'covered')
"""
REMOVED = """
select system, record_key, field from marts.reconciliation_discrepancies where cause = 'removed' order by 1, 2, 3
"""


def fill(database: str) -> None:
    """Three customers: the owner of the phone has the shop's number, another one, and none at all."""
    tables: dict[str, list[dict[str, Any]]] = {"salesforce__accounts": [], "salesforce__contacts": []}
    tables["shopify__customers"] = []
    for number, phone in SHOP_PHONES.items():
        record = {"_key": number, "source_id": number, "updated_at": STAMP}
        person = {"first_name": f"Ada{number}", "last_name": f"Smith{number}", "email": f"a{number}@example.com"}
        account = {"account_name": f"Ada{number} Smith{number}", "country_name": "DE"}
        crm_phone = None if number == NEVER_HAD else BERLIN[:-1] + number
        tables["salesforce__accounts"].append({**record, **account})
        tables["salesforce__contacts"].append(
            {**record, **person, "account_source_id": number, "phone": BERLIN if number == COPIED else crm_phone}
        )
        tables["shopify__customers"].append({**record, **person, "phone": phone, "country_code": "DE"})
    with psycopg.connect(database) as connection:
        for table, rows in tables.items():
            insert_rows(connection, table, rows)
        for system in ("salesforce", "shopify", "tryton"):
            connection.execute(COVERED, {"name": f"{system}_all", "system": system})


@dataclass(frozen=True, slots=True)
class Nights:
    """The warehouse after the owner's phones were removed, and what nights under both rules came to."""

    wanted_first: set[tuple[str, str | None, str, object]]
    wanted: dict[str, set[tuple[str, str | None, str, object]]]
    open: dict[str, list[Row]]
    reasons: list[Row]


def wanted(warehouse: Reconciliation) -> set[tuple[str, str | None, str, object]]:
    return {(item.table, item.key, item.column, item.after) for item in wanted_changes(warehouse, FIELDS)}


@pytest.fixture(scope="module")
def nights(reconciliation: Reconciliation) -> Nights:
    """One night with all phones, then two without those of the owner: the rule says `asks`, then `travels`."""
    fill(reconciliation.database.url)
    reconciliation.run("first")
    before = wanted(reconciliation)
    execute(reconciliation, "update validated.salesforce__contacts set phone = null where phone is not null")
    found, still_open = {}, {}
    for rule in ("asks", "travels"):
        reconciliation.prepare(rule)
        identify(reconciliation.database, run_id=rule)
        execute(reconciliation, f"update marts.removals set removal = '{rule}' where field = 'phone'")
        reconciliation.build("tag:marts", rule)
        found[rule], still_open[rule] = wanted(reconciliation), reconciliation.rows(REMOVED)
    reasons = reconciliation.rows("select _reason from marts.desired_shopify__customers where phone = ''")
    return Nights(before, found, still_open, reasons)


def execute(warehouse: Reconciliation, statement: str) -> None:
    with psycopg.connect(warehouse.database.url) as connection:
        assert connection.execute(statement.encode()).rowcount


FILLED = ("salesforce__contacts", NEVER_HAD, "phone", SHOP_PHONES[NEVER_HAD])
EMPTIED = ("shopify__customers", COPIED, "phone", "")
BOTH_OPEN = [("shopify", COPIED, "phone"), ("shopify", OTHER, "phone")]


def test_an_owner_that_never_had_a_value_is_filled_from_the_next(nights: Nights) -> None:
    assert FILLED in nights.wanted_first


def test_a_removal_that_asks_changes_nothing_and_stays_open(nights: Nights) -> None:
    assert nights.wanted["asks"] == {FILLED}
    assert nights.open["asks"] == BOTH_OPEN


def test_a_removal_that_travels_empties_the_same_value_and_asks_about_another(nights: Nights) -> None:
    assert nights.wanted["travels"] == {FILLED, EMPTIED}
    assert nights.open["travels"] == BOTH_OPEN
    assert nights.reasons == [("from salesforce: phone (removed)",)]
