"""The behaviour of a real Tryton on which the product relies; a new release that changes it fails here."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from sandbox.vendors.tryton import server as tryton
from tests.real.conftest import AS_OF, Rpc

pytestmark = pytest.mark.real
DAY = timedelta(days=1)


def moment(when: datetime) -> dict[str, Any]:
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{name: getattr(when, name) for name in names}}


def window(since: datetime, until: datetime, prefix: str = "") -> list[Any]:
    """Half open, on the later of creation and last write."""
    written, created = f"{prefix}write_date", f"{prefix}create_date"
    bounds = moment(since), moment(until)
    return [
        "OR",
        [[written, ">=", bounds[0]], [written, "<", bounds[1]]],
        [[written, "=", None], [created, ">=", bounds[0]], [created, "<", bounds[1]]],
    ]


def amount(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def party(rpc: Rpc, code: str) -> dict[str, Any]:
    (found,) = rpc.find(
        "party.party", [["code", "=", code]], "name", "_timestamp", "addresses", "contact_mechanisms"
    )
    return found


def new_party(rpc: Rpc, code: str) -> int:
    values = {"name": f"Test {code}", "code": code, "addresses": [["create", [{"street": "Weg 1", "country": 1}]]]}
    (made,) = rpc("party.party", "create", [values])
    assert isinstance(made, int)
    return made


def new_sale(rpc: Rpc, reference: str, code: str, **line: Any) -> int:
    buyer, (product, *_) = party(rpc, code), rpc.find("product.product", [], "default_uom")
    values = {
        "party": buyer["id"],
        "currency": 1,
        "reference": reference,
        "invoice_address": buyer["addresses"][0],
        "shipment_address": buyer["addresses"][0],
    }
    one = {
        "product": product["id"],
        "quantity": 2.0,
        "unit": product["default_uom"],
        "unit_price": amount("19.90"),
    }
    (made,) = rpc("sale.sale", "create", [{**values, "lines": [["create", [{**one, **line}]]]}])
    assert isinstance(made, int)
    return made


@pytest.mark.parametrize("model", ["party.party", "party.address", "party.contact_mechanism", "sale.sale"])
def test_windows_divide_what_there_is(rpc: Rpc, model: str) -> None:
    start = AS_OF - 91 * DAY
    edges = [start, start + 30 * DAY, start + 60 * DAY, AS_OF]
    parts = [
        {record["id"] for record in rpc.find(model, [window(since, until)], "id")}
        for since, until in pairwise(edges)
    ]
    whole = {record["id"] for record in rpc.find(model, [window(start, AS_OF)], "id")}
    assert all(parts)
    assert sum(map(len, parts)) == len(whole) > 50
    assert set().union(*parts) == whole


def test_a_window_sees_a_record_that_was_written_after_it_no_more(rpc: Rpc) -> None:
    (first, *_) = rpc.find("party.party", [window(AS_OF - 91 * DAY, AS_OF)], "name")
    rpc("party.party", "write", [first["id"]], {"name": f"{first['name']} II"})
    now = datetime.now(UTC)
    later = [record["id"] for record in rpc.find("party.party", [window(now - DAY, now + DAY)], "id")]
    assert first["id"] in later
    assert first["id"] not in {r["id"] for r in rpc.find("party.party", [window(AS_OF - 91 * DAY, AS_OF)], "id")}


def test_a_price_moves_the_template_and_not_the_product(rpc: Rpc) -> None:
    (product, *_) = rpc.find("product.product", [], "template", "_timestamp", "template._timestamp")
    rpc("product.template", "write", [product["template"]], {"list_price": amount("12.50")})
    fields = ("_timestamp", "template._timestamp", "template.list_price")
    (after,) = rpc.find("product.product", [["id", "=", product["id"]]], *fields)
    assert after["_timestamp"] == product["_timestamp"]
    assert after["template."]["_timestamp"] != product["template."]["_timestamp"]
    assert Decimal(after["template."]["list_price"]["decimal"]) == Decimal("12.50")
    now = datetime.now(UTC)
    moved = rpc.find("product.product", [window(now - DAY, now + DAY, "template.")], "id")
    assert product["id"] in {record["id"] for record in moved}


@pytest.fixture
def forgetful(rpc: Rpc) -> Iterator[Rpc]:
    """The client; afterwards Tryton forgets which companies the user sees, as after any edit of the user.

    Tryton keeps them from the first call that needed them, even where that call named no company.
    """
    yield rpc
    (user,) = rpc.find("res.user", [["login", "=", rpc.server.user]], "name")
    rpc("res.user", "write", [user["id"]], {"name": user["name"]})


def test_without_a_company_there_is_no_price(forgetful: Rpc) -> None:
    found = forgetful.find("product.product", [], "template.list_price", company=None)
    assert len(found) == 30
    assert {record["template."]["list_price"] for record in map(dict, found)} == {None}


def test_a_stale_timestamp_is_refused_and_nothing_is_written(rpc: Rpc) -> None:
    identity = new_party(rpc, "LOCK-1")
    seen = party(rpc, "LOCK-1")["_timestamp"]
    guard = {f"party.party,{identity}": seen}
    assert rpc("party.party", "write", [identity], {"name": "first"}, _timestamp=guard) is None
    refused = rpc.ask("party.party", "write", [identity], {"name": "second"}, _timestamp=guard)
    assert refused["error"] == ["ConcurrencyException", "Records were modified in the meanwhile"]
    assert party(rpc, "LOCK-1")["name"] == "first"


def test_several_writes_in_one_call_are_all_or_nothing(rpc: Rpc) -> None:
    left, right = new_party(rpc, "PAIR-1"), new_party(rpc, "PAIR-2")
    guard = {f"party.party,{left}": party(rpc, "PAIR-1")["_timestamp"], f"party.party,{right}": "1.0"}
    pairs = ([left], {"name": "left"}, [right], {"name": "right"})
    assert rpc.ask("party.party", "write", *pairs, _timestamp=guard)["error"][0] == "ConcurrencyException"
    assert party(rpc, "PAIR-1")["name"] == "Test PAIR-1"
    rpc("party.party", "write", *pairs)
    assert [party(rpc, code)["name"] for code in ("PAIR-1", "PAIR-2")] == ["left", "right"]


def test_a_party_code_is_unique_and_a_batch_with_a_duplicate_creates_nothing(rpc: Rpc) -> None:
    new_party(rpc, "ONCE-1")
    batch = [{"name": "fine", "code": "ONCE-2"}, {"name": "twice", "code": "ONCE-1"}]
    refused = rpc.ask("party.party", "create", batch)["error"]
    assert (refused[0], refused[1][0]) == ("UserError", "The code on party must be unique.")
    assert rpc("party.party", "search_count", [["code", "in", ["ONCE-1", "ONCE-2"]]]) == 1


def test_a_sale_is_created_quoted_and_confirmed(rpc: Rpc) -> None:
    new_party(rpc, "BUYER-1")
    sale = new_sale(rpc, "#9001", "BUYER-1")
    rpc("sale.sale", "quote", [sale])
    rpc("sale.sale", "confirm", [sale])
    (found,) = rpc.find(
        "sale.sale", [["reference", "=", "#9001"]], "state", "number", "total_amount", "party.code"
    )
    assert (found["state"], found["party."]["code"]) == ("processing", "BUYER-1")
    assert found["number"]
    assert found["total_amount"] == amount("39.80")
    assert rpc.ask("sale.sale", "cancel", [sale])["error"][0] == "UserError"


def test_a_sale_with_somebody_elses_address_is_refused(rpc: Rpc) -> None:
    new_party(rpc, "BUYER-2")
    other = party(rpc, "P10001")["addresses"][0]
    buyer = party(rpc, "BUYER-2")["id"]
    values = {"party": buyer, "currency": 1, "reference": "#9002", "invoice_address": other}
    refused = rpc.ask("sale.sale", "create", [values])["error"]
    assert refused[0] == "UserError"
    assert "Invoice Address" in refused[1][0]


def test_a_reference_is_not_unique(rpc: Rpc) -> None:
    new_party(rpc, "BUYER-3")
    assert new_sale(rpc, "#9003", "BUYER-3") != new_sale(rpc, "#9003", "BUYER-3")


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("search_read", ([], 0, 1, None, ["nonsense"])),
        ("write", ([1], {"nonsense": 1})),
        ("search_read", ([["nonsense", "=", 1]], 0, 1, None, ["id"])),
    ],
    ids=["read", "write", "domain"],
)
def test_an_unknown_field_is_named_in_the_error(rpc: Rpc, method: str, parameters: tuple[Any, ...]) -> None:
    assert rpc.ask("party.party", method, *parameters)["error"][0] == "'nonsense'"


def test_stock_needs_a_location_in_the_context(rpc: Rpc) -> None:
    (warehouse,) = rpc.find("stock.location", [["type", "=", "warehouse"]], "id")
    counted = rpc.find("product.product", [], "quantity", locations=[warehouse["id"]])
    blind = rpc.find("product.product", [], "quantity")
    assert sum(record["quantity"] for record in counted) > 0
    assert {record["quantity"] for record in blind} == {0.0}


def test_inactive_parties_are_seen_only_when_asked_for(rpc: Rpc) -> None:
    identity = new_party(rpc, "GONE-1")
    rpc("party.party", "write", [identity], {"active": False})
    domain = [["code", "=", "GONE-1"]]
    assert rpc.find("party.party", domain, "id", active_test=True) == []
    assert [record["id"] for record in rpc.find("party.party", domain, "id")] == [identity]


def test_a_colleagues_edits_are_seen_by_the_running_server(erp: tryton.Instance, rpc: Rpc) -> None:
    (product, *_) = rpc.find("product.product", [], "code")
    tryton.edit(erp, "stock", product["code"], "17")
    tryton.edit(erp, "phone", "P10001", "+49 30 555")
    (warehouse,) = rpc.find("stock.location", [["type", "=", "warehouse"]], "id")
    today = datetime.now(UTC)
    until = {"__class__": "date", "year": today.year, "month": today.month, "day": today.day}
    context = {"locations": [warehouse["id"]], "stock_date_end": until}
    (counted,) = rpc.find("product.product", [["code", "=", product["code"]]], "quantity", **context)
    assert counted["quantity"] == 17.0
    mechanisms = rpc.find("party.contact_mechanism", [["party.code", "=", "P10001"]], "value")
    assert "+49 30 555" in {record["value"] for record in mechanisms}


def test_a_session_that_is_not_known_is_answered_401_with_nothing(rpc: Rpc) -> None:
    rpc.session.headers["Authorization"] = "Session YWRtaW46MTpkZWFkYmVlZg=="
    answer = rpc.post("model.party.party.search_count", [], {})
    assert (answer.status_code, answer.text) == (401, "")


def test_wrong_passwords_are_401_and_at_last_429(erp: tryton.Instance) -> None:
    stranger = Rpc(replace(erp, user="stranger"))
    with stranger.session:
        codes = [stranger.login("wrong").status_code for _ in range(7)]
    assert codes == [401] * 6 + [429]
