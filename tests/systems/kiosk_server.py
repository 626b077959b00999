"""A shop that speaks GraphQL as many do, run by graphql-core: four ways to page, to filter, and to say no.

Products are paged by `skip` and `take`, filtered by moments that are left out themselves, priced in cents, and
answer a write with a union. Customers are paged by number and filtered in milliseconds; an address is replaced as
a whole. Orders are paged by `offset`, and their list itself may be an error. Stock is paged by cursors of its own
and answers with a code. The session's token comes in a header; that one ended is told with status 200.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from tests.systems.kiosk_schema import SCHEMA

USER, PASSWORD = "ada", "s3cret-word"
START = datetime(2026, 9, 1, tzinfo=UTC)
CURRENCIES = ("EUR", "JPY", "KWD")
Row = dict[str, Any]
schema = build_schema(SCHEMA)
ROOTS = [kind for kind in (schema.query_type, schema.mutation_type) if kind is not None]


def in_ms(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Shop:
    """What the shop holds, who is logged in, and how often each record was written."""

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    effects: dict[tuple[str, str], int] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    logins: int = 0
    on_update: Callable[[], object] | None = None  # what happens right before the next update of a product
    on_page: tuple[str, Callable[[], object]] | None = None  # what happens after the next page of a list
    behind: timedelta = timedelta()

    @property
    def now(self) -> datetime:
        """What the clock of the shop says."""
        return datetime.now(UTC) - self.behind

    def fill(self) -> None:
        """The same records every time; several share a stamp."""
        self.rows = {"products": {}, "customers": {}, "orders": {}, "stock": {}}
        for number in range(60):
            moment = START + timedelta(hours=number // 4, milliseconds=250)
            stamp = {"updatedAt": iso(moment), "changed": in_ms(moment)}
            self.add("products", f"p{number}", number, **stamp)
            self.add("customers", f"c{number}", number, **stamp)
            self.add("orders", f"o{number}", number, **stamp)
            self.rows["stock"][f"s{number}"] = {"id": f"s{number}", "sku": f"SKU-{number}", "onHand": number}

    def add(self, kind: str, key: str, number: int, **stamp: object) -> None:
        row: Row = {"id": key, "version": 1, **stamp}
        if kind == "products":
            currency = CURRENCIES[number % 3]
            row |= {"name": f"Thing {number}", "sku": f"SKU-{number}", "price": 1000 + number}
            row |= {"currencyCode": currency, "enabled": number % 2 == 0, "onHand": number}
        elif kind == "customers":
            place = {"street": f"Way {number}", "city": "Bonn", "zip": "53111", "province": "NW"}
            row |= {"email": f"c{number}@kiosk.example", "fullName": f"Ada {number}", "address": place}
        else:
            row |= {"code": f"K-{number}", "total": 5000 + number, "currencyCode": CURRENCIES[number % 3]}
        self.rows[kind][key] = row

    def touch(self, kind: str, key: str, **values: object) -> Row:
        """Somebody writes the record."""
        row = self.rows[kind][key]
        row |= values
        if "version" in row:
            now = self.now
            row |= {"version": row["version"] + 1, "updatedAt": iso(now), "changed": in_ms(now)}
        self.effects[kind, key] = self.effects.get((kind, key), 0) + 1
        return row

    def sell(self, key: str) -> None:
        """A sale takes one off the stock, and does not touch the stamp of the product."""
        self.rows["products"][key]["onHand"] -= 1

    def sorted(self, kind: str) -> list[Row]:
        found = list(self.rows[kind].values())
        if self.on_page is not None and self.on_page[0] == kind:
            (_, happen), self.on_page = self.on_page, None
            happen()
        return found


class Root:
    """The resolvers of the root fields."""

    def __init__(self, shop: Shop, token: str) -> None:
        self.shop, self.token = shop, token
        self.new_token = ""

    def get(self, name: str) -> Any:
        """The resolver of a field, such as `update_product` for `updateProduct`."""
        return getattr(self, re.sub("([A-Z])", r"_\1", name).lower())

    def _log_check(self) -> None:
        if self.token not in self.shop.tokens:
            raise GraphQLError("You are not logged in.", extensions={"code": "FORBIDDEN"})

    def login(self, _: Any, username: str, password: str) -> Row:
        if (username, password) != (USER, PASSWORD):
            return {
                "__typename": "InvalidCredentialsError",
                "errorCode": "INVALID_CREDENTIALS",
                "message": "Wrong password",
            }
        self.shop.logins += 1
        self.new_token = f"token-{self.shop.logins}"
        self.shop.tokens.add(self.new_token)
        return {"__typename": "CurrentUser", "id": "1"}

    def products(self, _: Any, options: Row | None = None) -> Row:
        self._log_check()
        options = options or {}
        wanted = options.get("filter") or {}
        after, before = (wanted.get("updatedAt") or {}).get("after"), (wanted.get("updatedAt") or {}).get("before")
        found = [
            row
            for row in self.shop.sorted("products")
            if (after is None or datetime.fromisoformat(row["updatedAt"]) > datetime.fromisoformat(after))
            and (before is None or datetime.fromisoformat(row["updatedAt"]) < datetime.fromisoformat(before))
            and ("sku" not in wanted or row["sku"] in wanted["sku"]["in"])
        ]
        skip = options.get("skip") or 0
        return {"items": found[skip : skip + (options.get("take") or 10)], "totalItems": len(found)}

    def product(self, _: Any, **given: Any) -> Row | None:
        self._log_check()
        return self.shop.rows["products"].get(given["id"])

    def customers(self, _: Any, page: int, **bounds: Any) -> Row:
        self._log_check()
        size = bounds["perPage"]
        low, high = bounds.get("changedAfter", 0.0), bounds.get("changedBefore", 9e15)
        found = [row for row in self.shop.sorted("customers") if low < row["changed"] < high]
        if "email" in bounds:
            found = [row for row in found if row["email"] == bounds["email"]]
        start = (page - 1) * size
        return {"data": found[start : start + size], "paging": {"more": start + size < len(found)}}

    def customer(self, _: Any, **given: Any) -> Row:
        self._log_check()
        row = self.shop.rows["customers"].get(given["id"])
        if row is None:
            return {"__typename": "Problem", "errorCode": "NOT_FOUND", "message": "There is none"}
        return {**row, "__typename": "Customer"}

    def orders(self, _: Any, limit: int, offset: int, **where: Row) -> Row:
        self._log_check()
        if limit > 100:
            return {"__typename": "Problem", "errorCode": "TOO_MANY", "message": "At most 100"}
        found = self.shop.sorted("orders")
        return {"__typename": "OrderList", "nodes": found[offset : offset + limit], "count": len(found)}

    def stock_levels(self, _: Any, limit: int, **given: Any) -> Row:
        self._log_check()
        found = self.shop.sorted("stock")
        keys = [row["id"] for row in found]
        start = keys.index(given["startKey"]) + 1 if given.get("startKey") in keys else 0
        some = found[start : start + limit]
        last = some[-1]["id"] if some and start + limit < len(found) else None
        return {"edges": [{"node": row} for row in some], "lastKey": last}

    def update_product(self, _: Any, **arguments: Row) -> Row:
        self._log_check()
        given = dict(arguments["input"])
        if self.shop.on_update is not None:
            happen, self.shop.on_update = self.shop.on_update, None
            happen()
        row, seen = self.shop.rows["products"].get(given.pop("id")), given.pop("version", None)
        if row is None:
            return {"__typename": "Problem", "errorCode": "NOT_FOUND", "message": "There is none"}
        if seen not in (None, row["version"]):
            return {"__typename": "Problem", "errorCode": "STALE", "message": "It has moved"}
        if refused := refuse_name(given.get("name")):
            return refused
        return {**self.shop.touch("products", row["id"], **given), "__typename": "Product"}

    def create_product(self, _: Any, **given: Any) -> Row:
        self._log_check()
        if refused := refuse_name(given["input"].get("name")):
            return refused
        key = self.shop.replies.setdefault(given["requestId"], f"p{1000 + len(self.shop.replies)}")
        self.shop.add("products", key, 0, updatedAt=iso(self.shop.now), changed=in_ms(self.shop.now))
        return {**self.shop.touch("products", key, **given["input"]), "__typename": "Product"}

    def update_customer(self, _: Any, **given: Any) -> Row:
        self._log_check()
        if len(given["input"].get("fullName") or "") > 100:
            problem = {"errorCode": "TOO_LONG", "message": "The name is too long"}
            return {"customer": None, "problems": [problem]}
        return {"customer": self.shop.touch("customers", given["id"], **given["input"]), "problems": []}

    def set_stock(self, _: Any, **given: Any) -> Row:
        self._log_check()
        if given["onHand"] < 0:
            return {"status": "E17", "text": "Stock is never negative", "level": None}
        return {
            "status": "OK",
            "text": None,
            "level": self.shop.touch("stock", given["id"], onHand=given["onHand"]),
        }


def refuse_name(name: str | None) -> Row | None:
    if name is None or 0 < len(name) <= 100:
        return None
    return {"__typename": "Problem", "errorCode": "INVALID", "message": f"The name {name} cannot be taken"}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        with self.server.shop.lock:
            root = Root(self.server.shop, self.headers.get("Authorization", "").removeprefix("Bearer "))
            names = {name: root.get(name) for kind in ROOTS for name in kind.fields}
            result = graphql_sync(schema, body["query"], names, variable_values=body.get("variables"))
        content = json.dumps(result.formatted).encode()
        self.send_response_only(200 if result.data is not None or result.errors else 400)
        self.send_header("Date", format_datetime(self.server.shop.now, usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if root.new_token:
            self.send_header("kiosk-auth-token", root.new_token)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shop = shop


@contextmanager
def open_shop() -> Iterator[tuple[Shop, str]]:
    """A running shop and its address."""
    shop = Shop()
    shop.fill()
    with _Server(shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield shop, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
