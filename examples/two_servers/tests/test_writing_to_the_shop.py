"""Nights with a django-oscar shop, by its declaration alone: read, planned, written, verified, undone."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from concord.contract import System, Window
from concord.protocols.session.auth import StaticToken
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.registry import system
from concord.settings import Connection
from concord.testing import Bench, keys_of, read_all
from concord.testing.round_trip import RoundTrip
from sandbox import real_servers
from sandbox.ports import choose_port
from sandbox.vendors.oscar import server as oscar

SUITES = Path(__file__).parents[1] / "expectations"


@pytest.fixture
def desk(bench: Callable[[str], Bench]) -> Any:
    """Somebody who works at the shop."""
    return bench("oscar").desk


class OscarTrip(RoundTrip):
    """The product at the shop."""

    desired = {  # noqa: RUF012  # as its parent has it
        "products": "product_code text, product_name text, slug text",
        "stock": "price_amount numeric, stock_quantity bigint",
    }

    def __init__(self, url: str, desk: Any) -> None:
        super().__init__(url, of_two_resources(), SUITES)
        self.desk = desk

    def open(self) -> AbstractContextManager[HttpSession]:
        return closing(open_shop(self.desk.relay.url, self.desk.instance.token))

    def write_suites(self) -> None:
        """They are the project's."""

    def read_now(self) -> None:
        now = datetime.now(UTC)
        self.ingest_window(Window(now - timedelta(days=1), now))

    def stock_of(self, code: str) -> tuple[str, Decimal, int]:
        """Key, price and quantity as the warehouse holds them."""
        query = (
            "select _key, price_amount, stock_quantity from validated.oscar__stock "
            "where product_code = %s and not _is_deleted"
        )
        ((key, price, quantity),) = self.rows(query, code)
        return str(key), Decimal(str(price)), int(str(quantity))


def open_shop(url: str, token: str, retry_limits: RetryLimits | None = None) -> HttpSession:
    connection = Connection("oscar_default", url, password=token)
    quick = RetryLimits(attempts=2, first_wait=0.0, sleep=lambda seconds: None)
    return HttpSession(
        connection, StaticToken(prefix="Token "), SessionSettings(retry_limits=retry_limits or quick)
    )


@pytest.fixture
def trip(database: str, desk: Any) -> OscarTrip:
    """A warehouse that has read the shop once."""
    made = OscarTrip(database, desk)
    made.prepare()
    made.read_now()
    return made


def of_two_resources() -> System:
    declared = system("oscar")
    return replace(declared, resources=tuple(declared.resource(name) for name in ("products", "stock")))


def at_the_shop(desk: Any, query: str, *values: object) -> list[tuple[object, ...]]:
    """What Oscar's own database says, whatever its API shows."""
    with closing(sqlite3.connect(desk.instance.folder / oscar.DATABASE)) as connection:
        return connection.execute(query, values).fetchall()


def test_every_record_lands_once_and_its_times_are_utc(desk: Any, trip: OscarTrip) -> None:
    held = dict(trip.rows("select product_code, created_at from validated.oscar__products"))
    query = "select upc, strftime('%Y-%m-%dT%H:%M:%S', date_created) from catalogue_product"
    wanted = {code: datetime.fromisoformat(f"{moment}+00:00") for code, moment in at_the_shop(desk, query)}
    assert len(wanted) > 20
    assert wanted == held
    shown = desk.ask("GET", "/api/admin/products/?limit=1")["results"][0]["date_created"]
    assert shown.endswith(":30")
    assert trip.rows("select count(*) from ops.dead_letters") == [(0,)]


def test_the_shops_own_limit_is_waited_for(desk: Any) -> None:
    slow = replace(desk.instance, port=choose_port())
    process = oscar.start(slow, rate="2/s")
    with closing(open_shop(slow.url, slow.token, RetryLimits(attempts=9))) as session:
        resource = system("oscar").resource("users")
        keys = keys_of(resource, read_all(session, resource, size=5))
    real_servers.stop(process)
    assert len(keys) == len(set(keys)) > 20
    assert session.statistics.retries > 0
    assert session.statistics.waited_seconds > 0


def test_price_and_stock_are_written_read_back_and_taken_back(desk: Any, trip: OscarTrip) -> None:
    code = first_code(desk)
    key, price, quantity = trip.stock_of(code)
    trip.want("stock", "E-1", key, price_amount=price + 1, stock_quantity=quantity + 5)
    plan_id = trip.plan().plan_id
    assert trip.carry_out(plan_id).confirmed == 1
    query = "select price, num_in_stock from partner_stockrecord where partner_sku = ?"
    assert [(Decimal(str(a)), b) for a, b in at_the_shop(desk, query, code)] == [(price + 1, quantity + 5)]
    assert trip.stock_of(code) == (key, price + 1, quantity + 5)
    undo = trip.undo(plan_id)
    assert trip.carry_out(undo.plan_id).confirmed == 1
    assert [(Decimal(str(a)), b) for a, b in at_the_shop(desk, query, code)] == [(price, quantity)]


def first_code(desk: Any, place: int = 0) -> str:
    codes = at_the_shop(desk, "select partner_sku from partner_stockrecord order by partner_sku")
    return str(codes[place][0])


def test_a_persons_edit_after_the_plan_becomes_a_conflict(desk: Any, trip: OscarTrip) -> None:
    code, other = first_code(desk, 1), first_code(desk, 2)
    key, price, quantity = trip.stock_of(code)
    trip.want("stock", "E-1", key, price_amount=price, stock_quantity=quantity + 5)
    trip.want("stock", "E-2", trip.stock_of(other)[0], price_amount=Decimal("3.50"), stock_quantity=1)
    plan_id = trip.plan().plan_id
    desk.ask("PATCH", key.removeprefix(desk.relay.url), {"num_in_stock": quantity - 1})
    outcome = trip.carry_out(plan_id)
    assert (outcome.conflicted, outcome.confirmed) == (1, 1)
    query = "select num_in_stock from partner_stockrecord where partner_sku = ?"
    assert at_the_shop(desk, query, code) == [(quantity - 1,)]


def test_a_upc_that_another_product_has_is_rejected_alone(desk: Any, trip: OscarTrip) -> None:
    taken, *keys = (
        str(key) for (key,) in at_the_shop(desk, "select id from catalogue_product order by id limit 3")
    )
    ((code,),) = at_the_shop(desk, "select upc from catalogue_product where id = ?", taken)
    trip.want("products", "E-1", keys[0], product_code=code)
    trip.want("products", "E-2", keys[1], product_name="A name of our own")
    plan_id = trip.plan().plan_id
    outcome = trip.carry_out(plan_id)
    assert (outcome.rejected, outcome.confirmed) == (1, 1)
    ((message,),) = trip.rows("select message from ops.changes where plan_id = %s and state = 'rejected'", plan_id)
    assert "upc: Product with this UPC already exists." in str(message)


def test_a_product_is_created_and_its_key_kept(desk: Any, trip: OscarTrip) -> None:
    trip.want("products", "E-9", None, product_code="NEW-1", product_name="New", slug="new-1")
    plan_id = trip.plan().plan_id
    assert trip.carry_out(plan_id).confirmed == 1
    ((key,),) = at_the_shop(desk, "select id from catalogue_product where upc = 'NEW-1'")
    assert trip.changes(plan_id)[0][2] == str(key)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_create_without_an_answer_is_settled_with_one_product(desk: Any, trip: OscarTrip, fault: str) -> None:
    code = f"LOST-{fault}"
    trip.want("products", f"E-{fault}", None, product_code=code, product_name="Lost", slug=code.lower())
    plan_id = trip.plan().plan_id
    desk.fault(fault, on="create")
    trip.carry_out(plan_id)
    assert desk.relay.plan == []
    assert trip.states(plan_id) == ["confirmed"]
    ((key,),) = at_the_shop(desk, "select id from catalogue_product where upc = ?", code)
    assert trip.changes(plan_id)[0][2] == str(key)


def test_an_update_without_an_answer_is_read_back_and_not_sent_again(desk: Any, trip: OscarTrip) -> None:
    code = first_code(desk, 3)
    key, price, quantity = trip.stock_of(code)
    trip.want("stock", "E-1", key, price_amount=price, stock_quantity=quantity + 2)
    plan_id = trip.plan().plan_id
    desk.relay.plan += [("PATCH ", "cut_after"), ("PATCH ", "refuse")]
    assert trip.carry_out(plan_id).confirmed == 1
    assert desk.relay.plan == [("PATCH ", "refuse")]
    query = "select num_in_stock from partner_stockrecord where partner_sku = ?"
    assert at_the_shop(desk, query, code) == [(quantity + 2,)]
