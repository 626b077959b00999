"""The shop that nobody here wrote, with a relay in front of it that plays the faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from concord.contract import Resource
from concord.http.auth import StaticToken
from concord.http.client import HttpSession
from concord.settings import Connection
from sandbox import foreign
from sandbox.oscar import server as oscar
from sandbox.world import World, generate
from sandbox.world.__main__ import write_world
from tests.systems.bench import Bench, Desk, Facts
from tests.systems.oscar_system import ADMIN, SYSTEM
from tests.systems.relay import Relay, relayed

STATE = Path(__file__).parents[3] / ".concord"
CALLS = {"read": f"GET {ADMIN}", "write": "PATCH ", "create": "POST "}
LISTS = {"stock": "products"}
TOUCHES = {"products": {"is_public": True}, "stock": {"low_stock_threshold": 3}}


@dataclass
class OscarDesk(Desk):
    """A second client of the real shop, and the relay in front of it."""

    instance: oscar.Instance
    relay: Relay

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
        self.relay.plan.append(("offset=" if kind == "loop" else CALLS[on], kind))

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        return self.ask("GET", self.path_of(resource, key))["date_updated"]

    def expire_login(self) -> None:
        self.relay.plan.append((CALLS["read"], "refuse_token"))

    def touch(self, resource: Resource, key: str) -> None:
        self.ask("PATCH", self.path_of(resource, key), TOUCHES[resource.name])

    def delete(self, resource: Resource, key: str) -> None:
        self.ask("DELETE", self.path_of(resource, key))

    def reset(self) -> None:
        self.relay.plan.clear()


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    """A shop with few articles: it takes its time over each."""
    small = generate(world.settings.seed, as_of=world.settings.as_of, customers=30, products=24, orders=30)
    write_world(small, folder / "world", systems=("tryton",))
    instance = oscar.create(STATE, folder / "shop", folder / "world" / "tryton")
    process = oscar.start(instance)
    with relayed(instance.url) as relay:
        connection = Connection("oscar_default", relay.url, password=instance.token)
        yield Bench(SYSTEM, connection, OscarDesk(instance, relay), lambda: StaticToken(prefix="Token "))
    foreign.stop(process)


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    """The fields of a create."""
    return {"product_code": f"NEW-{number}", "product_name": f"New {number}", "slug": f"new-{number}"}


FACTS = Facts(
    open=open_bench,
    first="products",
    good={"products": {"product_name": "Another name"}, "stock": {"stock_quantity": 4321, "price_amount": "7.25"}},
    every={"products": {"product_code": "EVERY-1"}},
    bad={"products": {"product_name": "n" * 300}, "stock": {"stock_quantity": -45}},
    broken={"products": {"slug": "no slug!"}},
    new_record=new_record,
    skips={
        "a_merge_is_seen": "a shop does not make one record of two",
        "the_pace_that_is_declared_is_kept": "it answers more slowly than we may ask; its throttle has tests",
    },
)
