"""Every way a declared REST list can go on, and end, against answers written out byte by byte."""

from datetime import UTC, datetime

import pytest

from concord.contract import Window
from concord.errors import RequestError, ServerError
from concord.http.rest import Paging, RestList
from tests.unit.test_http_reading import THINGS, numbers_in, session_to
from tests.unit.wire import answer, serving

ONE, TWO = b'{"id": 1}', b'{"id": 2}'


def body(*records: bytes, **more: str) -> bytes:
    """A page with what stands beside it."""
    beside = "".join(f', "{name}": {value}' for name, value in more.items()).encode()
    return answer(body=b'{"records": [' + b", ".join(records) + b"]" + beside + b"}")


@pytest.mark.parametrize(
    "following", ["/t?page=2", "?page=2", "{url}/t?page=2"], ids=["rooted", "relative", "whole"]
)
def test_the_address_of_the_next_page_may_be_whole_or_not(following: str) -> None:
    with serving() as wire:
        link = following.replace("{url}", wire.url)
        wire.script += [body(ONE, next=f'"{link}"'), body(TWO, next="null")]
        assert numbers_in(RestList("/t", paging=Paging.URL), wire.url) == [1, 2]
    assert wire.asked[1].line == "GET /t?page=2 HTTP/1.1"


def test_an_address_at_another_host_is_not_followed() -> None:
    away = body(ONE, next='"http://elsewhere.example/t?page=2"')
    with serving(away) as wire, pytest.raises(RequestError, match="another host"):
        numbers_in(RestList("/t", paging=Paging.URL), wire.url)
    assert len(wire.asked) == 1


def test_an_address_that_comes_again_stops_a_list() -> None:
    with serving(body(ONE, next='"/t?page=2"')) as wire, pytest.raises(ServerError, match="circles"):
        numbers_in(RestList("/t", paging=Paging.URL), wire.url)
    assert len(wire.asked) == 2


def test_offsets_go_by_what_came_and_not_by_what_was_asked() -> None:
    pages = body(ONE, total="3"), body(TWO, total="3"), body(b'{"id": 3}', total="3")
    reader = RestList("/t", paging=Paging.OFFSET, total="total", page_parameter="skip", size_parameter="top")
    with serving(*pages) as wire:
        assert numbers_in(reader, wire.url) == [1, 2, 3]
    assert [asked.line.split()[1] for asked in wire.asked] == [f"/t?top=1000&skip={skip}" for skip in (0, 1, 2)]


def test_a_total_that_is_never_reached_ends_at_an_empty_page() -> None:
    with serving(body(ONE, total="9"), body(total="9")) as wire:
        assert numbers_in(RestList("/t", total="total"), wire.url) == [1]


def test_a_list_that_takes_no_notice_of_the_page_is_stopped() -> None:
    reader = RestList("/t", paging=Paging.OFFSET, size=2)
    with serving(body(ONE, TWO)) as wire, pytest.raises(ServerError, match="circles"):
        numbers_in(reader, wire.url)
    assert len(wire.asked) == 2


def test_a_cursor_may_lie_deep_and_a_flag_end_the_list() -> None:
    first = body(ONE, meta='{"after": "x", "more": true}')
    last = body(TWO, meta='{"after": "y", "more": false}')
    reader = RestList("/t", paging=Paging.CURSOR, next="meta.after", more="meta.more", page_parameter="after")
    with serving(first, last) as wire:
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "after=x" in wire.asked[1].line


def test_a_cursor_may_come_in_a_header() -> None:
    first = answer(body=b"[" + ONE + b"]", X_Next="x")
    reader = RestList("/t", records="", paging=Paging.HEADER, next="X-Next", page_parameter="from")
    with serving(first, answer(body=b"[" + TWO + b"]")) as wire:
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "from=x" in wire.asked[1].line


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    pages = body(ONE, next="2"), body(next="3"), body(TWO, next="null")
    with serving(*pages) as wire:
        assert numbers_in(RestList("/t"), wire.url) == [1, 2]


def test_a_window_is_written_as_the_service_wants_it() -> None:
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    reader = RestList(
        "/t", since="from", until="to", moment=lambda when: f"{when.timestamp():.0f}", params={"sort": "id"}
    )
    with serving(body(next="null")) as wire:
        assert numbers_in(reader, wire.url, window) == []
    assert "sort=id&from=1793491200&to=1793577600&" in wire.asked[0].line


def test_records_may_lie_within_others() -> None:
    holders = body(b'{"items": [{"id": 1}, {"id": 2}]}', b'{"items": []}', next="null")
    with serving(holders) as wire:
        assert numbers_in(RestList("/t", within="items"), wire.url) == [1, 2]


def test_a_record_is_found_by_its_own_address_and_one_that_is_gone_is_not() -> None:
    reader = RestList("/t", one="/t/{key}", record="thing")
    with serving(answer(body=b'{"thing": {"id": 1}}'), answer(404)) as wire:
        found = reader.read_matching(session_to(wire.url), THINGS, "source_id", ["1", "2"])
        assert [bytes(raw) for page in found for raw in page] == [ONE]
    assert [asked.line.split()[1] for asked in wire.asked] == ["/t/1", "/t/2"]


def test_what_no_parameter_finds_is_looked_for_in_the_whole_list() -> None:
    reader = RestList("/t", lookup={"source_id": ""})
    with serving(body(ONE, next="2"), body(TWO, next="null")) as wire:
        found = reader.read_matching(session_to(wire.url), THINGS, "source_id", ["2", "3"])
        assert [bytes(raw) for page in found for raw in page] == [TWO]
