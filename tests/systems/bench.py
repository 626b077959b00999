"""One system under test: its declaration, a session to a running server, and a hand on that server."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests

from concord.contract import Auth, Resource, System, Window
from concord.fields import Field
from concord.http.client import HttpSession, Ways
from concord.http.guards import Record, decode_record, value_at
from concord.http.patience import Patience
from concord.settings import Connection
from sandbox.launch import Server
from sandbox.tryton.server import Instance
from sandbox.world.shopify import LOCATION
from tests.systems.relay import Relay

PATIENCE = Patience(first_wait=0.01, longest_wait=0.2, read_seconds=20)


class Desk:
    """What a test may do to a vendor behind the product's back."""

    def count(self, resource: Resource) -> int:
        raise NotImplementedError

    def fault(self, kind: str, *, on: str) -> None:
        """One fault at the next call that does `on`: read, write, create or login."""
        raise NotImplementedError

    def calls(self) -> int:
        raise NotImplementedError

    def effects(self, resource: Resource, key: str) -> object:
        """Something that changes whenever the record is written."""
        raise NotImplementedError

    def expire_login(self) -> None:
        raise NotImplementedError

    def touch(self, resource: Resource, key: str) -> None:
        """Somebody edits the record."""
        raise NotImplementedError

    def delete(self, resource: Resource, key: str) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError


COLLECTIONS = {
    ("shopify", "products"): "product_variants",
    ("shopify", "inventory_levels"): "inventory_items",
    ("salesforce", "accounts"): "Account",
    ("salesforce", "contacts"): "Contact",
    ("salesforce", "orders"): "Order",
}
OPERATIONS = {
    "shopify": {"read": "^(customers|orders|productVariants|inventoryItems)$", "write": "Update$|Quantities$"},
    "salesforce": {"read": "^query", "write": "^collection_update", "create": "^collection_upsert"},
}
LOGINS = {"shopify": "/oauth/access_token", "salesforce": "/oauth2/token"}
METHODS = {"read": ".search_read", "write": '.write"', "create": '.create"', "login": "common.db.login"}
TOUCHES = {
    "customers": {"note": "called today"},
    "product_variants": {"title": "new title"},
    "inventory_items": {
        "inventoryLevels": [
            {
                "id": f"{LOCATION}/level",
                "location": {"id": LOCATION},
                "quantities": [{"name": "available", "quantity": 4242, "updatedAt": "2026-11-01T00:00:00Z"}],
            }
        ]
    },
    "Account": {"Website": "https://example.com"},
    "Contact": {"LastName": "Changed"},
    "Order": {"Status": "Activated"},
}


@dataclass
class SandboxDesk(Desk):
    """The control desk of a sandbox vendor."""

    server: Server

    def _name(self, resource: Resource) -> str:
        return COLLECTIONS.get((self.server.vendor, resource.name), resource.name)

    def count(self, resource: Resource) -> int:
        return int(self.server.control("health")["records"][self._name(resource)])

    def fault(self, kind: str, *, on: str) -> None:
        match = (
            {"path": LOGINS[self.server.vendor]}
            if on == "login"
            else {"operation": OPERATIONS[self.server.vendor][on]}
        )
        kind, skip = ("loop", 1) if kind == "loop" else (kind, 0)
        self.server.control("faults", {"match": match, "fault": {"kind": kind}, "skip": skip, "times": 1})

    def calls(self) -> int:
        return int(self.server.control("counts")["calls"])

    def effects(self, resource: Resource, key: str) -> object:
        records = self.server.control("counts")["records"]
        return records.get(f"{self._name(resource)}/{key}", {}).get("effects", 0)

    def expire_login(self) -> None:
        self.server.control("limits", {"expire_tokens": True})

    def touch(self, resource: Resource, key: str) -> None:
        name = self._name(resource)
        self.server.control("edit", {"resource": name, "id": key, "set": TOUCHES[name]})

    def delete(self, resource: Resource, key: str) -> None:
        self.server.control("edit", {"resource": self._name(resource), "id": key, "delete": True})

    def reset(self) -> None:
        self.server.control("reset", {})
        self.shrink_pages()

    def shrink_pages(self) -> None:
        """The CRM alone decides how many records make a page."""
        if self.server.vendor == "salesforce":
            self.server.control("limits", {"batch_size": 17})


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
        return self.relay.calls

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


@dataclass
class Bench:
    """All of it together."""

    system: System
    connection: Connection
    desk: Desk
    new_auth: Callable[[], Auth]

    def session(self, *, password: str | None = None, patience: Patience = PATIENCE) -> HttpSession:
        """A session with a login of its own, so that tests do not share a token."""
        connection = self.connection if password is None else replace(self.connection, password=password)
        return HttpSession(connection, self.new_auth(), Ways(self.system.manners, patience))


def read_all(
    session: HttpSession, resource: Resource, window: Window | None = None, *, size: int | None = None
) -> list[Record]:
    """The records of a window as Python values, by pages of `size`."""
    reader: Any = resource.read
    if size is not None and hasattr(reader, "size"):
        reader = replace(reader, size=size)
    return [decode_record(resource, raw) for page in reader.read_window(session, resource, window) for raw in page]


def keys_of(resource: Resource, records: list[Record]) -> list[str]:
    field = resource.field(resource.key)
    return [str(value_at(record, field)) for record in records]


def by_key(resource: Resource, records: list[Record]) -> Mapping[str, Record]:
    return dict(zip(keys_of(resource, records), records, strict=True))


def filled(fields: tuple[Field, ...], records: list[Record]) -> set[str]:
    """The fields of which at least one record has a value."""
    return {item.name for item in fields if any(value_at(record, item) is not None for record in records)}
