"""The ERP: a real server, with a relay in front of it that causes the faults."""

import base64
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from concord.contract import Resource
from concord.protocols.session.client import HttpSession
from concord.protocols.values import Record
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import Bench, read_all
from concord.testing.desk import Desk, Values
from concord.testing.facts import Facts
from concord.testing.kept_file import KeptFile
from concord.testing.relay import Relay, relayed
from sandbox.vendors.tryton import server as tryton
from sandbox.vendors.tryton.server import Instance
from sandbox.world import World
from sandbox.world.__main__ import write_world

STATE = Path(__file__).parents[3] / ".concord"
METHODS = {"read": ".search_read", "write": '.write"', "create": '.create"', "login": "common.db.login"}


@dataclass
class TrytonDesk(Desk):
    """A second client of the real ERP, and the relay in front of it."""

    instance: Instance
    relay: Relay

    def __post_init__(self) -> None:
        self.kept = KeptFile(self.instance.folder / f"{self.instance.database}.sqlite")

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
        model = resource.read.model  # type: ignore[attr-defined]
        return self.ask(f"model.{model}.read", [int(key)], ["_timestamp"])[0]["_timestamp"]

    def raw(self, resource: Resource, key: str) -> Any:
        model = f"model.{resource.read.model}"  # type: ignore[attr-defined]
        names = sorted(self.ask(f"{model}.fields_get", []))
        return self.ask(f"{model}.read", [int(key)], [*names, "_timestamp"])[0]

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        self.ask(f"model.{resource.read.model}.write", [int(key)], dict(values))  # type: ignore[attr-defined]

    def expire_login(self) -> None:
        self.relay.plan.append((".search_read", "refuse_token"))

    def touch(self, resource: Resource, key: str) -> None:
        model = resource.read.model  # type: ignore[attr-defined]
        self.ask(f"model.{model}.write", [int(key)], {"active": True})
        if self.relay.behind:
            self._put_stamp_back(model.replace(".", "_"), key)

    def _put_stamp_back(self, table: str, key: str) -> None:
        """A real server takes its stamps from the machine; what it wrote is set back by as much as its clock."""
        with closing(sqlite3.connect(self.instance.folder / f"{self.instance.database}.sqlite")) as connection:
            shift = f"{-self.relay.behind:+} seconds"
            changed = f"update {table} set write_date = strftime('%Y-%m-%d %H:%M:%f', write_date, ?) where id = ?"
            connection.execute(changed, (shift, int(key)))
            connection.commit()

    def give_nothing(self) -> None:
        self.relay.nothing = (".search_read", b'{"id": 1, "result": []}')

    def put_clock_back(self, seconds: float) -> None:
        self.relay.behind = seconds

    def delete(self, resource: Resource, key: str) -> None:
        self.ask(f"model.{resource.read.model}.delete", [int(key)])  # type: ignore[attr-defined]

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        self.relay.replaced.update(replaced)

    def reset(self) -> None:
        self.relay.plan.clear()
        self.relay.shortened = b""
        self.relay.behind, self.relay.nothing = 0, None
        self.relay.replaced.clear()
        self.kept.restore()


@contextmanager
def open_bench(world: World, folder: Path) -> Iterator[Bench]:
    write_world(world, folder / "world", systems=("tryton",))
    instance = tryton.create(STATE, folder / "erp")
    tryton.load(instance, folder / "world" / "tryton")
    server = tryton.start(instance)
    with relayed(instance.url) as relay:
        extra = {"database": instance.database}
        connection = Connection("tryton_default", relay.url, instance.user, instance.password, extra)
        yield Bench(system("tryton"), connection, TrytonDesk(instance, relay))
    tryton.stop(server)


def changed_at(resource: Resource, record: Record) -> datetime:
    """Not after the record's change: SQLite prints its seconds with fifteen digits, so up to 5 µs too late."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(str(record["_timestamp"])), microseconds=-5)


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
    dispensable="parties",
    retyped=("stock_levels",),
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
    refused={
        "read": "no_such_column",
        "parties": 'You are not allowed to modify the field "Code" in record',
        "addresses": "Tryton has no such country_code",
        "contact_mechanisms": 'A value is required for field "Value" in record',
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
    read_moment=changed_at,
    unnamed={
        "parties": {"lang": 1},
        # A street has parts (building_name, post_box and so on), which the ERP replaces with it.
        "addresses": {"party_name": "Reception", "sequence": 7},
        "contact_mechanisms": {"name": "private", "comment": "only mornings", "sequence": 7},
    },
    moves=frozenset({"_timestamp", "write_date", "last_modified_at", "rec_name", "full_address", "url"}),
    whole_lists={("sales", "lines"): "a search gives all lines of a sale, whatever its limit of sales"},
    unmarked={"sales": "its texts are keys and states; those of the other models are damaged"},
    skips={
        "a_merge_is_seen": "a party that was replaced is deactivated, which is read as a deletion",
        "a_page_mark_that_comes_again_stops_the_reading": (
            "its pages go by the last id, which a server cannot repeat without repeating the records"
        ),
    },
)
