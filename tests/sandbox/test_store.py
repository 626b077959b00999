"""The store of the vendors: pages at constant cost, whole transactions, and effects that match the writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server.queries import Order, Where
from sandbox.server.store import Store
from sandbox.vendors.shopify.collections import COLLECTIONS
from sandbox.vendors.shopify.search import to_where

COUNT = 20_000
WINDOW = "updated_at:>='2026-01-01T00:00:00Z' AND updated_at:<'2027-01-01T00:00:00Z'"


def _customer(number: int) -> dict:
    stamp = f"2026-{1 + number // 2_500:02d}-01T{number % 24:02d}:{number % 60:02d}:00Z"
    return {"id": f"gid://shopify/Customer/{number}", "updatedAt": stamp, "note": None}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "shop.sqlite", COLLECTIONS)
    yield opened
    opened.close()


def _steps_of_a_page(store: Store, order: Order, where: Where) -> int:
    """Steps of SQLite's own machine, in hundreds: a cost that no busy neighbour changes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    store._db.set_progress_handler(count, 100)
    rows = store.page("customers", where, order, limit=100)
    store._db.set_progress_handler(None, 0)
    assert len(rows) == 100
    return steps


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize(("by_stamp", "search"), [(True, WINDOW), (True, ""), (False, "")])
def test_a_page_costs_the_same_wherever_it_is(store: Store, by_stamp: bool, search: str, reverse: bool) -> None:
    store.load("customers", (_customer(number) for number in range(1, COUNT + 1)))
    order, where = Order(by_stamp, reverse), to_where("customers", search)
    whole = store.page("customers", where, order, limit=COUNT)
    first = _steps_of_a_page(store, order, where)
    late = _steps_of_a_page(store, order, order.after(where, (whole[-200][1], whole[-200][0])))
    assert len(whole) == COUNT
    assert late <= first * 2


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.transaction():
            store.put("customers", _customer(1), operation="test")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert (store.count("customers"), list(store.effects())) == (0, [])


def test_discarded_writes_are_seen_inside_and_gone_outside(store: Store) -> None:
    store.discard_writes = True
    with store.transaction():
        store.put("customers", _customer(1), operation="test")
        assert store.count("customers") == 1
    assert (store.count("customers"), list(store.effects())) == (0, [])


def test_equal_content_has_an_equal_hash_whatever_its_stamp(store: Store) -> None:
    for note, day in (("a", 1), ("a", 2), ("b", 3)):
        changed = {**_customer(1), "note": note, "updatedAt": f"2026-11-0{day}T00:00:00Z"}
        store.put("customers", changed, operation="test")
    contents = [effect[-1] for effect in store.effects()]
    assert (contents[0] == contents[1], contents[1] == contents[2]) == (True, False)


def test_no_two_readings_of_the_clock_are_alike(store: Store) -> None:
    readings = [store.clock.tick() for _ in range(10_000)]
    assert len(set(readings)) == len(readings)
    assert readings == sorted(readings)
