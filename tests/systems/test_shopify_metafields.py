"""A business's own facts lie in metafields: read with the customer, also in bulk, written, and taken away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from concord.contract import Change, End, Kind, extend
from concord.errors import ConfigurationError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.systems.shopify.metafields import metafield
from concord.testing.bench import Bench
from concord.testing.case import Case
from concord.testing.suite.test_accounts import Night, night
from sandbox.launch import Server

__all__ = ["night"]

FindBench = Callable[[str], Bench]
LIMIT = metafield("custom.credit_limit", "credit_limit", Kind.DECIMAL)
SINCE = metafield("acme--b2b.since", "partner_since", Kind.DATE)
NOTE = metafield("custom.note", "delivery_note", is_personal=True)
EXTENSION = extend("shopify", customers=[LIMIT, SINCE, NOTE])
OTHERS = {"custom.loyalty": {"namespace": "custom", "key": "loyalty", "type": "number_integer", "value": "7"}}
GIVEN = {"credit_limit": Decimal("2500.50"), "partner_since": "2024-02-29", "delivery_note": 'by "noon"'}


@pytest.fixture
def case(bench: FindBench) -> Case:
    found = bench("shopify")
    customers = EXTENSION.apply(found.system).resource("customers")
    return Case(found, customers, found.session(), GIVEN)


@pytest.fixture
def change(case: Case) -> Change:
    """A change of a customer who has another metafield already."""
    (change,) = case.changes(1)
    server_of(case).control("edit", {"resource": "customers", "id": change.key, "set": {"metafields": OTHERS}})
    return case.anew(change, change.after)


def server_of(case: Case) -> Server:
    return case.bench.desk.server  # type: ignore[attr-defined, no-any-return]


def session_of(case: Case, **extra: str) -> HttpSession:
    known = case.bench.connection
    connection = replace(known, extra={**known.extra, **extra})
    return HttpSession(connection, case.bench.new_auth(), SessionSettings(case.bench.system.rules))


def held(case: Case, change: Change) -> dict[str, Any]:
    record = server_of(case).control(f"records/customers/one?id={change.key}")
    return {place: each["value"] for place, each in record["metafields"].items()}


@pytest.mark.parametrize("name", ["shopify"])
@pytest.mark.parametrize("most", ["1000000", "0"], ids=["pages", "bulk"])
def test_they_are_written_and_read_as_their_types(night: Night, case: Case, change: Change, most: str) -> None:
    assert [outcome.end for outcome in case.write([change])] == [End.CONFIRMED]
    assert held(case, change) == {
        "custom.loyalty": "7",
        "custom.credit_limit": "2500.50",
        "acme--b2b.since": "2024-02-29",
        "custom.note": 'by "noon"',
    }
    create_tables(Database(night.url), night.bench.system, case.resource)
    night.run(case.resource, session_of(case, bulk_read_above=most))
    found = night.ask("select credit_limit, partner_since, delivery_note from {table} where _key = %s", change.key)
    assert found == [(GIVEN["credit_limit"], date(2024, 2, 29), GIVEN["delivery_note"])]


def test_one_without_a_value_is_taken_away_and_others_stay(case: Case, change: Change) -> None:
    case.write([change])
    emptied = case.anew(change, {"credit_limit": None, "delivery_note": "at the gate", "city": "Ulm"})
    (outcome,) = case.write([emptied])
    assert outcome.end is End.CONFIRMED, outcome
    assert held(case, change) == {
        "custom.loyalty": "7",
        "acme--b2b.since": "2024-02-29",
        "custom.note": "at the gate",
    }


def test_a_value_that_the_shop_refuses_is_told(case: Case, change: Change) -> None:
    two_lines = case.anew(change, {"delivery_note": "by\nnoon"})
    (outcome,) = case.write([two_lines])
    assert outcome.end is End.REJECTED
    assert "single_line_text_field" in outcome.message
    assert held(case, change) == {"custom.loyalty": "7"}


@pytest.mark.parametrize(
    ("place", "kind"), [("credit_limit", Kind.TEXT), ("a b.c", Kind.TEXT), ("a.b", Kind.JSON)]
)
def test_a_place_that_is_none_is_told(place: str, kind: Kind) -> None:
    with pytest.raises(ConfigurationError, match="write its namespace and key, as in custom"):
        metafield(place, "own", kind)
