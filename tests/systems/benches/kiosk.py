"""A shop that speaks GraphQL, with a relay in front of it that causes the faults."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from concord.contract import Resource
from concord.protocols.moments import EPOCH, MILLISECOND
from concord.protocols.values import Record, put_at, value_at
from concord.settings import Connection
from concord.testing.bench import Bench
from concord.testing.desk import Desk, Values
from concord.testing.facts import Facts
from concord.testing.relay import Relay, relayed
from sandbox.world import World
from tests.systems.kiosk_server import PASSWORD, USER, Shop, open_shop
from tests.systems.kiosk_system import SYSTEM

CALLS = {"read": '"query":"query', "write": "(updateProduct|updateCustomer|setStock)", "create": "createProduct"}
LATER_PAGE = r'"(skip|offset|page)":([2-9]|1\d)|"startKey":"'
TOUCHES: dict[str, dict[str, object]] = {
    "products": {"enabled": True},
    "customers": {"fullName": "Somebody Else"},
    "stock": {"onHand": 77},
}


@dataclass
class KioskDesk(Desk):
    """What the shop itself knows, and the relay in front of it."""

    shop: Shop
    relay: Relay

    def count(self, resource: Resource) -> int:
        return len(self.shop.rows[resource.name])

    def fault(self, kind: str, *, on: str) -> None:
        self.relay.plan.append((LATER_PAGE if kind == "loop" else CALLS[on], kind))

    def cut(self, number: int) -> None:
        self.relay.cut(number)

    def has_cut(self) -> bool:
        return not self.relay.plan

    def shorten(self, value: str) -> None:
        self.relay.shortened = value.encode()

    def raw(self, resource: Resource, key: str) -> Any:
        return copy.deepcopy(self.shop.rows[resource.name][key])

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        for path, value in values.items():
            put_at(self.shop.rows[resource.name][key], path, value)

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        return self.shop.effects.get((resource.name, key), 0)

    def expire_login(self) -> None:
        self.shop.tokens.clear()

    def touch(self, resource: Resource, key: str) -> None:
        self.shop.touch(resource.name, key, **TOUCHES[resource.name])

    def delete(self, resource: Resource, key: str) -> None:
        del self.shop.rows[resource.name][key]

    def stir(self, resource: Resource, key: str) -> None:
        self.shop.sell(key)

    def put_clock_back(self, seconds: float) -> None:
        self.shop.behind, self.relay.behind = timedelta(seconds=seconds), seconds

    def give_nothing(self) -> None:
        for rows in self.shop.rows.values():
            rows.clear()

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        self.relay.replaced.update(replaced)

    def reset(self) -> None:
        self.relay.plan.clear()
        self.relay.replaced.clear()
        self.relay.shortened = b""
        self.put_clock_back(0)
        self.shop.fill()


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    """The shop makes its own few records."""
    with open_shop() as (shop, url), relayed(url) as relay:
        connection = Connection("kiosk_default", relay.url, USER, PASSWORD)
        yield Bench(SYSTEM, connection, KioskDesk(shop, relay))


def new_record(bench: Bench, session: object, resource: Resource, number: int) -> dict[str, object]:
    """The fields of a create."""
    return {
        "product_name": f"New {number}",
        "sku": f"NEW-{number}",
        "price_amount": "12.5",
        "currency_code": "EUR",
    }


def read_moment(resource: Resource, record: Record) -> datetime:
    """Customers count their stamp in milliseconds."""
    value = value_at(record, resource.field("updated_at"))
    return datetime.fromisoformat(value) if isinstance(value, str) else EPOCH + int(value) * MILLISECOND


FACTS = Facts(
    open=open_bench,
    undescribed={"orders": "the list lies behind a union, whose members the reader does not ask for"},
    dispensable="customers",
    first="products",
    good={
        "products": {"product_name": "Another name"},
        "customers": {"full_name": "Grace", "city": "Köln"},
        "stock": {"stock_quantity": 4321},
    },
    every={"products": {"is_enabled": True}, "customers": {"street": "Another way"}},
    bad={
        "products": {"product_name": "n" * 101},
        "customers": {"full_name": "n" * 101},
        "stock": {"stock_quantity": -45},
    },
    refused={
        "read": "Cannot query field 'no_such_column' on type",
        "products": "cannot be taken (INVALID)",
        "customers": "The name is too long (TOO_LONG)",
        "stock": "Stock is never negative (E17)",
    },
    broken={"products": {"product_name": "n" * 101}},
    apart={("products", "price_amount"): "its unit hangs on the currency, which test_graphql_shop.py shows"},
    new_record=new_record,
    read_moment=read_moment,
    unnamed={
        "products": {"barcode": "4006381333931", "weight": 7, "tags": ["gold"]},
        "customers": {"note": "only mornings", "address.province": "BW"},
        "stock": {"shelf": "A4"},
    },
    moves=frozenset({"version", "updatedAt", "changed"}),
    skips={"a_merge_is_seen": "a kiosk does not make one record of two"},
)
