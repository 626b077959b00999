"""What GraphQL needs beyond the standard suite: amounts in units, kept parts, lists that move, refusals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from concord.contract import Change, End, Window
from concord.errors import ContractError, RequestError
from concord.protocols.graphql import GraphQLList, Mutating, Result
from concord.protocols.moments import SECOND
from concord.protocols.paging.counted_pagers import Offset
from concord.protocols.paging.windows import WindowParams
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables, typed_view
from concord.testing.bench import Bench, keys_of, read_all
from tests.systems.benches.kiosk import KioskDesk
from tests.systems.kiosk_server import START, Shop

FindBench = Callable[[str], Bench]
WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def kiosk(bench: FindBench) -> Bench:
    return bench("kiosk")


@pytest.fixture
def shop(kiosk: Bench) -> Shop:
    assert isinstance(kiosk.desk, KioskDesk)
    return kiosk.desk.shop


def change(key: str | None, guard: object, **after: object) -> Change:
    action = "create" if key is None else "update"
    return Change(f"{action}-{key}", key, action, {}, after, {"version": guard})


def write(kiosk: Bench, resource: str, *changes: Change) -> list[tuple[End, str]]:
    found = kiosk.system.resource(resource)
    assert found.writes is not None
    outcomes = found.writes.writer.write(kiosk.session(), found, changes)
    return [(outcome.end, outcome.message) for outcome in outcomes]


def test_amounts_are_read_in_the_unit_of_their_currency(kiosk: Bench, shop: Shop, database: str) -> None:
    shop.rows["products"]["p3"]["currencyCode"] = ""
    store, resource = Database(database), kiosk.system.resource("products")
    create_tables(store, kiosk.system, resource)
    batch = extract_window(store, kiosk.session(), system=kiosk.system, resource=resource, window=WHOLE)
    query = sql.SQL("select source_id, price_amount::text, _faults from {} where _batch_id = %s")
    with store.transaction() as connection:
        rows = connection.execute(query.format(typed_view(kiosk.system, resource)), (batch,)).fetchall()
    found = {str(row[0]): row[1:] for row in rows}
    assert [found[key][0] for key in ("p0", "p1", "p2")] == ["10", "1001", "1.002"]
    assert found["p3"][0] is None
    assert "price_amount" in str(found["p3"][1])


@pytest.mark.parametrize(
    ("key", "amount", "units"), [("p0", "12.5", 1250), ("p1", "12", 12), ("p2", "0.125", 125)]
)
def test_amounts_are_written_in_the_unit_of_their_currency(
    kiosk: Bench, shop: Shop, key: str, amount: str, units: int
) -> None:
    assert write(kiosk, "products", change(key, 1, price_amount=amount)) == [(End.CONFIRMED, "")]
    assert shop.rows["products"][key]["price"] == units


def test_an_amount_that_its_currency_cannot_say_is_rejected(kiosk: Bench, shop: Shop) -> None:
    ((end, sentence),) = write(kiosk, "products", change("p1", 1, price_amount="12.5"))
    assert (end, sentence) == (End.REJECTED, "An amount has more decimal places than JPY has.")
    assert shop.rows["products"]["p1"]["price"] == 1001


def test_a_part_that_is_replaced_as_a_whole_keeps_what_nobody_changed(kiosk: Bench, shop: Shop) -> None:
    assert write(kiosk, "customers", change("c7", 1, city="Köln")) == [(End.CONFIRMED, "")]
    kept = {"street": "Way 7", "city": "Köln", "zip": "53111", "province": "NW"}
    assert shop.rows["customers"]["c7"]["address"] == kept


def test_a_version_that_moved_between_the_look_and_the_write_is_a_conflict(kiosk: Bench, shop: Shop) -> None:
    shop.rows["products"]["p4"]["version"] = 1
    shop.on_update = lambda: shop.touch("products", "p4", name="Somebody else's")
    ((end, _),) = write(kiosk, "products", change("p4", 1, product_name="Ours"))
    assert end is End.CONFLICTED
    assert shop.rows["products"]["p4"]["name"] == "Somebody else's"


def test_the_vendors_reason_is_shown_whatever_way_it_is_said(kiosk: Bench) -> None:
    union = write(kiosk, "products", change("p0", 1, product_name="n" * 101))
    errors = write(kiosk, "customers", change("c0", 1, full_name="n" * 101))
    stock = Change("s", "s0", "update", {}, {"stock_quantity": -4}, {"stock_quantity": 0})
    flag = write(kiosk, "stock", stock)
    sentences = [sentence for ((_, sentence),) in (union, errors, flag)]
    assert sentences[0].endswith("cannot be taken (INVALID)")
    assert "nnn" not in sentences[0]
    assert sentences[1:] == ["The name is too long (TOO_LONG)", "Stock is never negative (E17)"]


def test_a_list_that_is_an_error_itself_is_refused_by_its_code(kiosk: Bench) -> None:
    resource = kiosk.system.resource("orders")
    with pytest.raises(RequestError, match="At most 100") as caught:
        read_all(kiosk.session(), resource, size=101)
    assert caught.value.facts["code"] == "TOO_MANY"


@pytest.mark.parametrize("name", ["products", "customers", "orders"])
def test_a_record_that_is_deleted_between_two_pages_costs_no_other(kiosk: Bench, shop: Shop, name: str) -> None:
    resource = kiosk.system.resource(name)
    before = set(shop.rows[name])
    first = next(iter(before & {"p0", "c0", "o0"}))
    shop.on_page = (name, lambda: shop.rows[name].pop(first, None))
    found = set(keys_of(resource, read_all(kiosk.session(), resource, size=17)))
    assert before - found <= {first}
    assert first not in shop.rows[name]


def test_a_filter_that_leaves_its_moment_out_loses_nothing_at_the_start(kiosk: Bench) -> None:
    resource = kiosk.system.resource("products")
    stamp = START + timedelta(hours=3, milliseconds=250)
    window = Window(stamp, stamp + timedelta(milliseconds=1))
    assert keys_of(resource, read_all(kiosk.session(), resource, window)) == ["p12", "p13", "p14", "p15"]


def test_bounds_are_moved_out_to_the_step_in_which_the_vendor_compares() -> None:
    window = Window(START + timedelta(seconds=1.25), START + timedelta(seconds=2.5))
    asked = WindowParams("since", "until", lambda moment: moment - START, precision=SECOND)
    assert [each.total_seconds() for each in asked.params(window).values()] == [1, 3]
    strict = replace(asked, excludes_start=True)
    assert [each.total_seconds() for each in strict.params(window).values()] == [0, 3]


def test_a_wrong_declaration_is_refused_when_it_is_built(kiosk: Bench) -> None:
    reader = kiosk.system.resource("products").read
    assert isinstance(reader, GraphQLList)
    with pytest.raises(ContractError, match="no argument skip"):
        replace(reader, pages=Offset(param="skip", size=10))
    with pytest.raises(ContractError, match="declare `records`"):
        replace(reader, records="")
    with pytest.raises(ContractError, match="no argument input"):
        Mutating("setIt", {"id": "ID!"}, key="id")
    with pytest.raises(ContractError, match="declare one"):
        Result("Product", ("Problem",), done="ok")
