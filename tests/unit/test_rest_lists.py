"""Every way in which a declared REST list continues and ends, against responses that the test writes."""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from concord.contract import Field, Resource, Snapshot, Window
from concord.errors import ContractError, RequestError, ServerError
from concord.protocols.paging.pagers import next_link
from concord.protocols.rest import (
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextAddress,
    Offset,
    PageNumber,
    Pager,
    RestList,
    SingleRecord,
    WindowParams,
)
from tests.unit.opened import session_to
from tests.unit.wire import answer, serving

NUMBERS = PageNumber(next="next")
THINGS = Resource(
    "things",
    RestList("/t", NUMBERS, records="records"),
    "source_id",
    (Field("id", "source_id", required=True),),
    Snapshot(),
)
ONE, TWO, THREE = b'{"id": 1}', b'{"id": 2}', b'{"id": 3}'


def listing(pages: Pager, **options: Any) -> RestList:
    return RestList("/t", pages, **{"records": "records", **options})


def numbers_in(reader: RestList, url: str, window: Window | None = None) -> list[int]:
    found = reader.read_window(session_to(url), THINGS, window)
    return [msgspec.json.decode(raw)["id"] for page in found for raw in page]


def body(*records: bytes, **more: str) -> bytes:
    """A page with what stands beside it."""
    beside = "".join(f', "{name}": {value}' for name, value in more.items()).encode()
    return answer(body=b'{"records": [' + b", ".join(records) + b"]" + beside + b"}")


def test_pages_by_number_end_where_the_list_says_so() -> None:
    first = answer(body=b'{"next": 2, "records": []}')
    second = answer(body=b'{"next": null, "records": [{"id": 1}, {"id": 2}]}')
    with serving(first, second) as wire:
        assert numbers_in(listing(PageNumber(size_param="size", size=2, next="next")), wire.url) == [1, 2]
    assert [asked.line for asked in wire.asked[:2]] == [
        "GET /t?size=2&page=1 HTTP/1.1",
        "GET /t?size=2&page=2 HTTP/1.1",
    ]


@pytest.mark.parametrize(
    "beyond",
    [answer(body=b"[]"), answer(404), answer(400), answer(body=b'[{"id": 3}]')],
    ids=["empty", "not found", "refused", "the last again"],
)
def test_pages_by_number_without_a_word_end_behind_the_last_that_has_records(beyond: bytes) -> None:
    first = answer(body=b'[{"id": 1}, {"id": 2}]')
    with serving(first, answer(body=b'[{"id": 3}]'), first, beyond) as wire:
        assert numbers_in(RestList("/things", PageNumber(size_param="size", size=2)), wire.url) == [1, 2, 3]


@pytest.mark.parametrize("pager", [PageNumber, Offset])
def test_a_server_that_gives_smaller_pages_than_it_was_asked_for_is_read_to_its_end(pager: type[Pager]) -> None:
    class Capped(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(self.path).query).items()}
            start = asked["offset"] if "offset" in asked else (asked["page"] - 1) * 10
            body = json.dumps([{"id": number} for number in range(35)[start : start + 10]]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return None

    with HTTPServer(("127.0.0.1", 0), Capped) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        reader = RestList("/things", pager(size_param="size", size=100))  # type: ignore[call-arg]
        assert numbers_in(reader, f"http://127.0.0.1:{server.server_port}") == list(range(35))
        server.shutdown()


def test_pages_by_cursor_follow_it() -> None:
    first = answer(body=b'{"after": "x y", "data": {"items": [{"id": 1}]}}')
    with serving(first, answer(body=b'{"data": {"items": [{"id": 2}]}}')) as wire:
        reader = listing(Cursor("after", param="after"), records="data.items")
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "after=x+y" in wire.asked[1].line


def test_pages_by_link_follow_it_with_nothing_added() -> None:
    link = '</t?page_info=abc>; rel="next", </t>; rel="previous"'
    with serving(answer(body=b'[{"id": 1}]', Link=link), answer(body=b'[{"id": 2}]')) as wire:
        reader = listing(LinkHeader(), records="", window=WindowParams(since="updated_min"))
        window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
        assert numbers_in(reader, wire.url, window) == [1, 2]
    assert "updated_min=2026-11-01" in wire.asked[0].line
    assert wire.asked[1].line == "GET /t?page_info=abc HTTP/1.1"


def test_a_cursor_that_comes_again_stops_a_list() -> None:
    with serving(answer(body=b'{"next": "x", "records": [{"id": 1}]}')) as wire, pytest.raises(ServerError):
        numbers_in(listing(Cursor("next")), wire.url)
    assert len(wire.asked) == 2


@pytest.mark.parametrize(
    "following", ["/t?page=2", "?page=2", "{url}/t?page=2"], ids=["rooted", "relative", "whole"]
)
def test_the_address_of_the_next_page_may_be_whole_or_not(following: str) -> None:
    with serving() as wire:
        link = following.replace("{url}", wire.url)
        wire.script += [body(ONE, next=f'"{link}"'), body(TWO, next="null")]
        assert numbers_in(listing(NextAddress("next")), wire.url) == [1, 2]
    assert wire.asked[1].line == "GET /t?page=2 HTTP/1.1"


def test_an_address_at_another_host_is_not_followed() -> None:
    away = body(ONE, next='"http://elsewhere.example/t?page=2"')
    with serving(away) as wire, pytest.raises(RequestError, match="another host"):
        numbers_in(listing(NextAddress("next")), wire.url)
    assert len(wire.asked) == 1


def test_an_address_that_comes_again_stops_a_list() -> None:
    with serving(body(ONE, next='"/t?page=2"')) as wire, pytest.raises(ServerError, match="repeat themselves"):
        numbers_in(listing(NextAddress("next")), wire.url)
    assert len(wire.asked) == 2


def test_offsets_go_by_what_came_and_not_by_what_was_asked() -> None:
    pages = body(ONE, TWO, total="4"), body(TWO, THREE, total="4"), body(THREE, b'{"id": 4}', total="4")
    reader = listing(Offset(param="skip", size_param="top", size=1000, total="total"))
    with serving(*pages) as wire:
        assert numbers_in(reader, wire.url) == [1, 2, 3, 4]
    assert [asked.line.split()[1] for asked in wire.asked] == [f"/t?top=1000&skip={skip}" for skip in (0, 1, 2)]


@pytest.mark.parametrize(
    ("pager", "pages"),
    [
        (PageNumber(total="total"), [body(ONE, total="9"), body(total="9")]),
        (Offset(size=2, total="total"), [body(ONE, TWO)]),
        (Offset(size=2, total="total"), [body(ONE, TWO, total="null")]),
        (Offset(size=2, next="next", total="total"), [body(ONE, TWO, next="null", total="9")]),
        (PageNumber(size=2, more="more"), [body(ONE, TWO)]),
        (PageNumber(size=2, more="more", total="total"), [body(ONE, TWO, more="false", total="9")]),
        (Cursor("next", more="more"), [body(ONE, next="null")]),
        (Cursor("next", more="more"), [body(ONE, next="null", more="true")]),
        (Cursor("next", total="total"), [body(ONE, next="null", total="2")]),
        (NextAddress("next", more="more"), [body(ONE, next='"/t?page=2"')]),
        (NextAddress("next", total="total"), [body(ONE, total="2")]),
    ],
)
def test_an_end_that_is_not_said_or_comes_too_early_is_refused(pager: Pager, pages: list[bytes]) -> None:
    with serving(*pages) as wire, pytest.raises(ServerError, match=r"lacks|ended after"):
        numbers_in(listing(pager), wire.url)


def test_a_list_that_takes_no_notice_of_the_page_is_stopped() -> None:
    reader = listing(Offset(size_param="size", size=2))
    with serving(body(ONE, TWO)) as wire, pytest.raises(ServerError, match="repeat themselves"):
        numbers_in(reader, wire.url)
    assert len(wire.asked) == 2


def test_a_cursor_may_lie_deep_and_a_flag_end_the_list() -> None:
    first = body(ONE, meta='{"after": "x", "more": true}')
    last = body(TWO, meta='{"after": "y", "more": false}')
    reader = listing(Cursor("meta.after", param="after", more="meta.more"))
    with serving(first, last) as wire:
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "after=x" in wire.asked[1].line


def test_a_cursor_may_come_in_a_header() -> None:
    first = answer(body=b"[" + ONE + b"]", X_Next="x")
    reader = listing(HeaderCursor("X-Next", param="from"), records="")
    with serving(first, answer(body=b"[" + TWO + b"]")) as wire:
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "from=x" in wire.asked[1].line


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    pages = body(ONE, next="2"), body(next="3"), body(TWO, next="null")
    with serving(*pages) as wire:
        assert numbers_in(listing(NUMBERS), wire.url) == [1, 2]


def test_a_window_is_written_as_the_service_wants_it() -> None:
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    reader = listing(
        PageNumber(size_param="size", size=1000, next="next"),
        window=WindowParams("from", "to", write=lambda when: f"{when.timestamp():.0f}"),
        params={"sort": "id"},
    )
    with serving(body(next="null")) as wire:
        assert numbers_in(reader, wire.url, window) == []
    assert "sort=id&from=1793491200&to=1793577600&" in wire.asked[0].line


def test_records_may_lie_within_others() -> None:
    holders = body(b'{"items": [{"id": 1}, {"id": 2}]}', b'{"items": []}', next="null")
    with serving(holders) as wire:
        assert numbers_in(listing(NUMBERS, within="items"), wire.url) == [1, 2]


def test_a_record_is_found_by_its_own_address_and_one_that_is_gone_is_not() -> None:
    reader = listing(NUMBERS, single=SingleRecord("/t/{key}", record="thing"))
    with serving(answer(body=b'{"thing": {"id": 1}}'), answer(404)) as wire:
        found = reader.read_matching(session_to(wire.url), THINGS, "source_id", ["1", "2"])
        assert [bytes(raw) for page in found for raw in page] == [ONE]
    assert [asked.line.split()[1] for asked in wire.asked] == ["/t/1", "/t/2"]


def test_what_no_parameter_finds_is_looked_for_in_the_whole_list() -> None:
    reader = listing(NUMBERS, scan=frozenset({"source_id"}))
    with serving(body(ONE, next="2"), body(TWO, next="null")) as wire:
        found = reader.read_matching(session_to(wire.url), THINGS, "source_id", ["2", "3"])
        assert [bytes(raw) for page in found for raw in page] == [TWO]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ('<https://h/t?page=2>; rel="next", <https://h/t>; rel="prev"', "https://h/t?page=2"),
        ('</t>; rel=prev, </t?ids=1,2>; rel=next; title="a, b"', "/t?ids=1,2"),
        ('</t?a;b=1,%20<2>; rel="next"', "/t?a;b=1,%20<2"),
        ('<t?a=1>; title="x; rel=prev, <y>"; REL="Next"', "t?a=1"),
        ('<t?a=1>; rel="last next"', "t?a=1"),
        ('<t?a=1>; rel="nextday", <t>; rel=first', None),
        ("", None),
    ],
)
def test_a_link_header_may_hold_several_links_in_several_spellings(header: str, address: str | None) -> None:
    assert next_link(header) == address


def test_offsets_and_numbers_may_come_in_the_body() -> None:
    with serving(body(ONE, TWO, next="40"), body(TWO, THREE, next="null")) as wire:
        assert numbers_in(listing(Offset(first=20, next="next")), wire.url) == [1, 2, 3]
    assert [asked.line.split()[1] for asked in wire.asked] == ["/t?offset=20", "/t?offset=39"]


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: LinkHeader(size_param="limit"), "LinkHeader has a `size_param` and no size"),
        (lambda: Cursor(""), "Cursor needs `next`"),
        (lambda: HeaderCursor(""), "HeaderCursor needs `header`"),
        (PageNumber, "PageNumber cannot tell the last page"),
        (WindowParams, "names no parameter"),
        (lambda: SingleRecord("/t"), "write {key} where its key goes"),
        (lambda: listing(NUMBERS, records=""), "hold no `next`"),
        (
            lambda: listing(NUMBERS, lookup={"a": "a"}, scan=frozenset({"a"})),
            "declares a in `lookup` and in `scan`",
        ),
    ],
)
def test_a_list_that_is_declared_wrongly_is_refused(declare: Callable[[], object], words: str) -> None:
    with pytest.raises(ContractError, match=re.escape(words)):
        declare()
