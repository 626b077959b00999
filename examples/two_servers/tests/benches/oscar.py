"""A django-oscar shop, with a relay in front of it that causes the faults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from concord.contract import Resource
from concord.installed import PRODUCT
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing import Bench, Desk, Facts, KeptFile, Relay, Values, relayed
from sandbox import real_servers
from sandbox.vendors.oscar import server as oscar
from sandbox.world import World, generate
from sandbox.world.__main__ import write_world

STATE = PRODUCT / ".concord"
ADMIN = "/api/admin"
CALLS = {"read": f"GET {ADMIN}", "write": "PATCH ", "create": "POST "}
LISTS = {"stock": "products"}
TOUCHES = {"products": {"is_public": True}, "stock": {"low_stock_threshold": 3}}


@dataclass
class OscarDesk(Desk):
    """A second client of the real shop, and the relay in front of it."""

    instance: oscar.Instance
    relay: Relay

    def __post_init__(self) -> None:
        self.kept = KeptFile(self.instance.folder / oscar.DATABASE)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """As a colleague at the shop would."""
        headers = {"Authorization": f"Token {self.instance.token}", "Host": f"127.0.0.1:{self.relay.port}"}
        answer = requests.request(method, f"{self.instance.url}{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def path_of(self, resource: Resource, key: str) -> str:
        return key.removeprefix(self.relay.url) if resource.name == "stock" else f"{ADMIN}/{resource.name}/{key}/"

    def count(self, resource: Resource) -> int:
        found = self.ask("GET", f"{ADMIN}/{LISTS.get(resource.name, resource.name)}/?limit=100000")["results"]
        return sum(len(item["stockrecords"]) for item in found) if resource.name == "stock" else len(found)

    def fault(self, kind: str, *, on: str) -> None:
        self.relay.plan.append(("offset=[1-9]" if kind == "loop" else CALLS[on], kind))

    def cut(self, number: int) -> None:
        self.relay.cut(number)

    def has_cut(self) -> bool:
        return not self.relay.plan

    def shorten(self, value: str) -> None:
        self.relay.shortened = value.encode()

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        return self.ask("GET", self.path_of(resource, key))["date_updated"]

    def raw(self, resource: Resource, key: str) -> Any:
        return self.ask("GET", self.path_of(resource, key))

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        self.ask("PATCH", self.path_of(resource, key), values)

    def expire_login(self) -> None:
        self.relay.plan.append((CALLS["read"], "refuse_token"))

    def touch(self, resource: Resource, key: str) -> None:
        self.ask("PATCH", self.path_of(resource, key), TOUCHES[resource.name])

    def delete(self, resource: Resource, key: str) -> None:
        self.ask("DELETE", self.path_of(resource, key))

    def give_nothing(self) -> None:
        self.relay.nothing = (f"{ADMIN}/", b'{"count": 0, "next": null, "previous": null, "results": []}')

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        self.relay.replaced.update(replaced)

    def reset(self) -> None:
        self.relay.plan.clear()
        self.relay.nothing = None
        self.relay.shortened = b""
        self.relay.replaced.clear()
        self.kept.restore()


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    """A shop with few articles: it takes its time over each."""
    small = generate(world.settings.seed, as_of=world.settings.as_of, customers=30, products=24, orders=30)
    write_world(small, folder / "world", systems=("oscar",))
    instance = oscar.create(STATE, folder / "shop")
    oscar.load(instance, folder / "world" / "oscar")
    process = oscar.start(instance)
    with relayed(instance.url) as relay:
        connection = Connection("oscar_default", relay.url, password=instance.token)
        yield Bench(system("oscar"), connection, OscarDesk(instance, relay))
    real_servers.stop(process)


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    """The fields of a create."""
    return {"product_code": f"NEW-{number}", "product_name": f"New {number}", "slug": f"new-{number}"}


FACTS = Facts(
    open=open_bench,
    first="products",
    good={"products": {"product_name": "Another name"}, "stock": {"stock_quantity": 4321, "price_amount": "7.25"}},
    every={"products": {"product_code": "EVERY-1"}},
    bad={"products": {"product_name": "n" * 300}, "stock": {"stock_quantity": -45}},
    refused={
        "products": "title: Ensure this field has no more than 255 characters",
        "stock": "num_in_stock: Ensure this value is greater than or equal to 0",
    },
    broken={"products": {"slug": "no slug!"}},
    new_record=new_record,
    unnamed={"products": {"description": "A lamp", "meta_title": "Lamp"}, "stock": {"low_stock_threshold": 7}},
    moves=frozenset({"date_updated"}),
    skips={
        "a_clock_that_differs_is_a_note": "the clock of a real shop is left alone",
        "a_refused_read_shows_the_vendors_own_words": "its lists ignore what they do not know; a write is refused",
        "a_change_by_a_clock_that_is_behind_is_read_the_next_night": (
            "its lists are whole, so no clock decides what is read"
        ),
        "a_stamp_in_the_future_is_read_and_orders_no_versions": (
            "its lists are whole, so no stamp orders their versions"
        ),
        "a_merge_is_seen": "a shop does not make one record of two",
        "the_pace_that_is_declared_is_kept": "it answers more slowly than we may ask; its throttle has tests",
    },
)
