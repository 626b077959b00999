"""A plain REST list at wire speed, to measure readers against: pages are slices of one file made in advance.

`GET /records?page=N&size=1000` gives `{"page", "size", "total", "next", "records": [...]}`; records have
20 fields, a customer inside and two or three lines, about 1.1 kB each, and depend on the seed alone.
"""

import mmap
import random
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from sandbox.server.records import encode
from sandbox.server.vendor import Call, Described, Page, Vendor
from sandbox.server.wire import App

_CITIES = ("Berlin", "Hamburg", "Wien", "Zürich", "Lyon", "Utrecht", "Leeds", "Sevilla", "Torino", "Boston")
_NAMES = ("Anna", "Björn", "Chloé", "Dario", "Emma", "Farid", "Greta", "Hugo", "Inès", "Jonas")
_STATES = ("paid", "pending", "refunded", "partially_refunded", "authorized")
_LARGEST_SIZE = 10_000
DEFAULT_COUNT = 100_000
DEFAULT_SEED = 1


def _line(chance: random.Random, number: int, place: int) -> dict[str, Any]:
    return {
        "id": number * 10 + place,
        "sku": f"SKU-{chance.randrange(100_000):06d}",
        "title": f"Article {chance.randrange(100_000)} in a plain brown box",
        "quantity": chance.randrange(1, 9),
        "price": f"{chance.randrange(100, 50_000) / 100:.2f}",
        "tax_rate": "0.19",
    }


def make_record(chance: random.Random, number: int) -> dict[str, Any]:
    """One record: 20 fields, a customer, two or three lines."""
    name, city = chance.choice(_NAMES), chance.choice(_CITIES)
    day, moment = f"2026-{1 + number % 9:02d}-{1 + number % 28:02d}", f"{number % 60:02d}:{number // 60 % 60:02d}"
    stamp = f"{day}T{number % 24:02d}:{moment}"
    cents = chance.randrange(1_000, 500_000)
    return {
        "id": number,
        "name": f"#{number}",
        "email": f"{name.lower()}.{number}@example.com",
        "created_at": f"{stamp}Z",
        "updated_at": f"{stamp}.{number % 1_000_000:06d}Z",
        "cancelled_at": None,
        "currency": "EUR",
        "total_price": f"{cents / 100:.2f}",
        "subtotal_price": f"{cents / 119:.2f}",
        "total_tax": f"{cents / 100 - cents / 119:.2f}",
        "financial_status": chance.choice(_STATES),
        "fulfillment_status": chance.choice(("fulfilled", "partial", None)),
        "test": False,
        "tags": "retail, newsletter, spring",
        "note": "Please ring twice and leave it with the neighbour if nobody is in.",
        "source_name": "web",
        "confirmation_number": f"{chance.getrandbits(48):012X}",
        "location_id": chance.randrange(1, 20),
        "customer": {
            "id": chance.randrange(1, 1_000_000),
            "first_name": name,
            "last_name": f"Musterfrau-{number % 977}",
            "email": f"{name.lower()}.{number}@example.com",
            "phone": f"+4930{chance.randrange(10**6, 10**7)}",
            "address": {
                "street": f"Hauptstraße {chance.randrange(1, 200)}",
                "city": city,
                "zip": f"{number % 99999:05d}",
            },
        },
        "lines": [_line(chance, number, place) for place in range(2 + number % 2)],
    }


class PageFile:
    """All records of one seed, serialised once and mapped into memory; a page of any size is one slice."""

    def __init__(self, folder: Path, seed: int, count: int) -> None:
        self.count = count
        path = folder / f"plain-{seed}-{count}.json"
        index = path.with_suffix(".index")
        if not index.exists():
            _write(path, index, seed, count)
        self._offsets = array("Q")
        with index.open("rb") as offsets:
            self._offsets.frombytes(offsets.read())
        with path.open("rb") as records:
            self._bytes = mmap.mmap(records.fileno(), 0, access=mmap.ACCESS_READ)

    def page(self, number: int, size: int) -> bytes:
        """The body of one page, counted from 1; past the end it is empty and has no next."""
        first = min((number - 1) * size, self.count)
        last = min(first + size, self.count)
        following = str(number + 1) if last < self.count else "null"
        head = f'{{"page":{number},"size":{size},"total":{self.count},"next":{following},"records":['
        if first == last:
            return head.encode() + b"]}"
        return head.encode() + self._bytes[self._offsets[first] : self._offsets[last] - 1] + b"]}"


def _write(path: Path, index: Path, seed: int, count: int) -> None:
    chance = random.Random(seed)
    offsets, position = array("Q", [0]), 0
    with path.open("wb") as records:
        for number in range(1, count + 1):
            position += records.write(encode(make_record(chance, number)) + b",")
            offsets.append(position)
    index.write_bytes(offsets.tobytes())


class Plain(Vendor):
    """The list; `count` and `seed` are limits that the control desk may change."""

    name = "plain"

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, ())
        self._folder = data_dir
        self._seed, self._count = DEFAULT_SEED, DEFAULT_COUNT
        self._pages: PageFile | None = None

    def pages(self) -> PageFile:
        """The records, made at first use."""
        if self._pages is None:
            self._pages = PageFile(self._folder, self._seed, self._count)
        return self._pages

    def app(self) -> App:
        app = FastAPI(title="Plain list", openapi_url=None)

        @app.get("/records")
        async def records(request: Request) -> Response:
            page = int(request.query_params.get("page", 1))
            size = min(int(request.query_params.get("size", 1000)), _LARGEST_SIZE)
            if page < 1 or size < 1:
                return Response(
                    encode({"error": "page and size count from 1"}), 400, media_type="application/json"
                )
            return Response(self.pages().page(page, size), media_type="application/json")

        return app

    def describe(self, call: Call) -> Described:
        return Described(("records",))

    def page_in(self, call: Call, payload: Any) -> Page | None:
        if not isinstance(payload, dict) or "records" not in payload:
            return None
        following = payload.get("next")

        def set_cursor(value: str) -> None:
            payload["next"] = int(value)

        return Page("records", "id", payload["records"], str(following) if following else None, set_cursor)

    def set_limits(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        self._seed = int(limits.get("seed", self._seed))
        self._count = int(limits.get("count", self._count))
        self._pages = None
        return {"seed": self._seed, "count": self.pages().count}
