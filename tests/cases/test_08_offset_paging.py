"""Case 08: records behind one that disappears between two pages move up, and are read all the same."""

import json
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from concord.contract import ChangedBetween, Field, Resource, Snapshot
from concord.protocols.rest import (
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextAddress,
    Offset,
    PageNumber,
    Pager,
    RestList,
)
from tests.cases.test_06_rows_no_window_meets import LATER
from tests.store.listing import thing
from tests.store.test_batches import Night
from tests.unit.opened import session_to

SIZE = 20
PAGERS = {
    "offset": Offset(size_param="limit", size=SIZE),
    "offset with a total": Offset(size_param="limit", size=SIZE, total="total"),
    "page": PageNumber(size_param="limit", size=SIZE),
    "page with a total": PageNumber(size_param="limit", size=SIZE, total="total"),
    "address with an offset": NextAddress("next_offset"),
    "address with an offset and a size": NextAddress("next_offset", size_param="limit", size=SIZE),
    "address with a page": NextAddress("next_page", total="total"),
    "address with a page in its path": NextAddress("next_path"),
    "link header": LinkHeader(size_param="limit", size=SIZE),
    "a cursor that is an offset": Cursor("offset", param="offset"),
    "a header with a page": HeaderCursor("X-Next-Page", param="page"),
    "a cursor that hides the last index": Cursor("relay", param="after"),
    "a cursor that hides a page": Cursor("hidden", param="state"),
}
Change = Callable[[list[str]], None]


@contextmanager
def shop(changes: dict[int, Change]) -> Iterator[str]:
    """A server with 60 records in a list; `changes` are made to the list after a call of that number."""
    keys = [f"T-{number:03d}" for number in range(60)]
    calls = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal calls
            parts = urlsplit(self.path)
            asked = {name: read_mark(values[0]) for name, values in parse_qs(parts.query).items()}
            asked |= {"offset": asked["after"] + 1} if "after" in asked else {}
            asked |= {"page": asked["state"]} if "state" in asked else {}
            in_path = int(parts.path.rpartition("/")[2]) if parts.path != "/t" else 1
            start = asked["offset"] if "offset" in asked else (asked.get("page", in_path) - 1) * SIZE
            records = [{"id": key} for key in keys[start : start + SIZE]]
            marks, headers = following(start + SIZE) if start + SIZE < len(keys) else ({}, {})
            body = json.dumps({"records": records, "total": len(keys), **marks}).encode()
            self.send_response(200)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            calls += 1
            changes.get(calls, lambda keys: None)(keys)

        def log_message(self, *args: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def hide(mark: str) -> str:
    """A mark that shows nothing of its number."""
    return b64encode(mark.encode()).decode()


def read_mark(text: str) -> int:
    """The number in a mark, hidden or not."""
    return int(text) if text.isdecimal() else int(re.findall(r"\d+", b64decode(text + "==").decode())[0])


def following(offset: int) -> tuple[dict[str, object], dict[str, str]]:
    """In body and headers, what leads to the page that begins there."""
    page = offset // SIZE + 1
    marks = {
        "next_page": f"?page={page}",
        "next_offset": f"?limit={SIZE}&offset={offset}",
        "next_path": f"/t/pages/{page}",
    }
    hidden = {"relay": hide(f"arrayconnection:{offset - 1}"), "hidden": hide(f'{{"page":{page}}}').rstrip("=")}
    return {**marks, **hidden, "offset": offset}, {
        "Link": f'</t?page={page}>; rel="next"',
        "X-Next-Page": str(page),
    }


def remove(*numbers: int) -> Change:
    """Delete the records that lie there."""

    def change(keys: list[str]) -> None:
        for number in sorted(numbers, reverse=True):
            del keys[number]

    return change


def to_the_end(number: int) -> Change:
    """Edit a record of a list that is sorted by change: the total stays as it is."""
    return lambda keys: keys.append(keys.pop(number))


CHANGES: dict[str, dict[int, Change]] = {
    "the first is deleted": {1: remove(0)},
    "one in the middle is deleted": {2: remove(25)},
    "a page and more is deleted": {2: remove(*range(30))},
    "one after each page": {1: remove(0), 2: remove(0), 3: remove(0), 4: remove(0)},
    "the first is edited": {1: to_the_end(0)},
    "one is deleted and one is made": {2: lambda keys: keys.append(f"N-{keys.pop(3)}")},
    "nothing happens": {},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("pager", PAGERS.values(), ids=PAGERS)
def test_records_that_nobody_touched_are_read(pager: Pager, changes: dict[int, Change]) -> None:
    fields = (Field("id", "source_id", required=True),)
    resource = Resource("things", RestList("/t", pager, records="records"), "source_id", fields, Snapshot())
    with shop(changes) as url:
        listed = [key for page in resource.read.read_keys(session_to(url), resource) for key in page]
    left = [f"T-{number:03d}" for number in range(60)]
    for call in sorted(changes):
        changes[call](left)
    assert {key for key in left if key.startswith("T-")} <= set(listed)
    assert len(listed) == len(set(listed))


def test_a_record_that_the_key_list_missed_and_that_lives_is_not_deleted(database: str, tmp_path: Path) -> None:
    night = Night(database, tmp_path / "suites", ChangedBetween("updated_at", vanish_limit=0.1))
    night.listing.records = [thing(number) for number in range(30)]
    night.run()
    del night.listing.records[0]
    night.listing.unlisted = {"T-20"}
    night.run(LATER)
    deleted = "select _key from validated.testing__things where _is_deleted"
    assert night.rows(deleted) == [("T-0",)]
