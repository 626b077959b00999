"""The ERP: a real server, with a relay in front of it that plays the faults."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from concord.contract import Resource
from concord.http.auth import TrytonLogin
from concord.http.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from sandbox.tryton import server as tryton
from sandbox.tryton.server import Instance
from sandbox.world import World
from sandbox.world.__main__ import write_world
from tests.systems.bench import Bench, Desk, Facts, read_all
from tests.systems.relay import Relay, relayed

STATE = Path(__file__).parents[3] / ".concord"
METHODS = {"read": ".search_read", "write": '.write"', "create": '.create"', "login": "common.db.login"}


@dataclass
class TrytonDesk(Desk):
    """A second client of the real ERP, and the relay in front of it."""

    instance: Instance
    relay: Relay

    def ask(self, method: str, *params: object, **context: object) -> Any:
        url = f"{self.instance.url}/{self.instance.database}/rpc/"
        login = {
            "id": 1,
            "method": "common.db.login",
            "params": ["admin", {"password": self.instance.password}, "en"],
        }
        user, token, *_ = requests.post(url, json=login, timeout=30).json()["result"]
        key = base64.b64encode(f"admin:{user}:{token}".encode()).decode()
        call = {"id": 2, "method": method, "params": [*params, {"company": 1, "active_test": False, **context}]}
        answer = requests.post(url, json=call, headers={"Authorization": f"Session {key}"}, timeout=30).json()
        assert "error" not in answer, answer["error"][:1]
        return answer["result"]

    def count(self, resource: Resource) -> int:
        return int(self.ask(f"model.{resource.read.model}.search_count", []))  # type: ignore[attr-defined]

    def fault(self, kind: str, *, on: str) -> None:
        self.relay.plan.append((METHODS[on], kind))

    def calls(self) -> int:
        return len(self.relay.moments)

    def moments(self) -> list[float]:
        return self.relay.moments

    def effects(self, resource: Resource, key: str) -> object:
        model = resource.read.model  # type: ignore[attr-defined]
        return self.ask(f"model.{model}.read", [int(key)], ["_timestamp"])[0]["_timestamp"]

    def expire_login(self) -> None:
        self.relay.plan.append((".search_read", "refuse_token"))

    def touch(self, resource: Resource, key: str) -> None:
        model = resource.read.model  # type: ignore[attr-defined]
        self.ask(f"model.{model}.write", [int(key)], {"active": True})

    def delete(self, resource: Resource, key: str) -> None:
        self.ask(f"model.{resource.read.model}.delete", [int(key)])  # type: ignore[attr-defined]

    def reset(self) -> None:
        self.relay.plan.clear()


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    write_world(world, folder / "world", systems=("tryton",))
    instance = tryton.create(STATE, folder / "erp")
    tryton.load(instance, folder / "world" / "tryton")
    server = tryton.start(instance)
    with relayed(instance.url) as relay:
        extra = {"database": instance.database}
        connection = Connection("tryton_default", relay.url, instance.user, instance.password, extra)
        yield Bench(system("tryton"), connection, TrytonDesk(instance, relay), TrytonLogin)
    tryton.stop(server)


def new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    """The fields of a create, referring to records that are there."""
    address = read_all(session, bench.system.resource("addresses"))[0]
    party = str(address["party"])
    match resource.name:
        case "parties":
            return {"party_name": f"New {number}", "party_code": f"CUS-{number}"}
        case "addresses":
            street = f"New street {number}"
            return {
                "party_source_id": party,
                "street": street,
                "city": "Bern",
                "postal_code": "3011",
                "country_code": "CH",
            }
        case "contact_mechanisms":
            value = f"new{number}@example.com"
            return {"party_source_id": party, "mechanism_type": "email", "mechanism_value": value}
    product = read_all(session, bench.system.resource("products"))[0]
    line = {"product": product["id"], "unit": product["default_uom"], "quantity": 2, "unit_price": "12.3400"}
    return {
        "reference": f"#9{number}",
        "party_source_id": party,
        "invoice_address_source_id": str(address["id"]),
        "shipment_address_source_id": str(address["id"]),
        "sale_date": "2026-11-20",
        "lines": [line],
    }


FACTS = Facts(
    open=open_bench,
    first="contact_mechanisms",
    good={
        "parties": {"party_name": "Another name"},
        "addresses": {"city": "Bern", "country_code": "CH"},
        "contact_mechanisms": {"mechanism_value": "another@example.org"},
    },
    every={
        "addresses": {"street": "Am Kanal 1", "postal_code": "3011"},
    },
    bad={
        "parties": {"party_code": "P10001"},
        "addresses": {"country_code": "XX"},
        "contact_mechanisms": {"mechanism_value": ""},
    },
    broken={
        "parties": {"party_name": 5, "party_code": "P10001 "},
        "addresses": {"country_code": "XX"},
        "contact_mechanisms": {"mechanism_value": ""},
        "sales": {"invoice_address_source_id": None, "shipment_address_source_id": None},
    },
    apart={("sales", "sale_date"): "a day is a structure of three numbers here, which the form reads"},
    finished={"sales": {"state": "processing"}},
    new_record=new_record,
    unfit=lambda record: record.get("code") == "P10001" or record.get("type") not in (None, "email"),
    absent_key=lambda key: "99999999",
    skips={
        "a_merge_is_seen": "a party that was replaced is deactivated, which is read as a deletion",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "its pages go by the last id, which a server cannot repeat without repeating the records"
        ),
    },
)
