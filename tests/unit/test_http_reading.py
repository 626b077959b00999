"""The parts that readers and writers share: pages, decoding, selections, masks, guards."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from concord.contract import Change, End, Manners, Outcome, Page, Resource, Snapshot, Window
from concord.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractError,
    NetworkError,
    OutcomeUnknownError,
    RequestError,
    ServerError,
)
from concord.fields import Field, Kind
from concord.http.client import HttpSession, Ways
from concord.http.guards import are_same
from concord.http.masking import masked
from concord.http.outcomes import confirmed, settle, settle_all
from concord.http.paging import Pages, ask, prefetch
from concord.http.patience import Patience
from concord.http.rest import Paging, RestList
from concord.http.selection import select_fields
from concord.registry import declared_systems, pool_slots, system, systems
from concord.settings import Connection
from tests.unit.opened import Token
from tests.unit.wire import answer, serving

QUICK = Ways(patience=Patience(sleep=lambda seconds: None, read_seconds=2))


def session_to(url: str) -> HttpSession:
    return HttpSession(Connection("test_default", url), Token(), QUICK)


def pages_of(*sizes: int) -> Iterator[Page]:
    for size in sizes:
        yield [msgspec.Raw(b"{}")] * size


def fetching_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("concord-pages")]


def test_prefetched_pages_keep_their_order_and_empty_ones_count() -> None:
    assert [len(page) for page in prefetch(pages_of(3, 0, 2))] == [3, 0, 2]
    assert fetching_threads() == []


def test_one_page_and_no_more_is_fetched_ahead() -> None:
    fetched: list[int] = []

    def noted() -> Iterator[Page]:
        for number in range(10):
            fetched.append(number)
            yield []

    pages = prefetch(noted())
    for used in range(1, 6):
        next(pages)
        assert len(fetched) <= used + 1
    pages.close()  # type: ignore[attr-defined]
    assert len(fetched) <= 6


def test_an_error_while_fetching_ahead_reaches_the_caller_after_the_good_pages() -> None:
    def failing() -> Iterator[Page]:
        yield []
        raise NetworkError("gone")

    pages = prefetch(failing())
    assert next(pages) == []
    with pytest.raises(NetworkError):
        next(pages)
    assert fetching_threads() == []


def test_a_caller_that_stops_early_leaves_no_thread_behind() -> None:
    ended = threading.Event()

    def endless() -> Iterator[Page]:
        try:
            while True:
                yield []
        finally:
            ended.set()

    pages = prefetch(endless())
    next(pages)
    pages.close()  # type: ignore[attr-defined]
    assert ended.is_set()
    assert fetching_threads() == []


def test_a_page_mark_seen_before_stops_a_listing_however_far_back_it_lies() -> None:
    pages = Pages("orders")
    for mark in ("a", "b", "c"):
        pages.turn(mark)
    with pytest.raises(ServerError, match="orders go in circles"):
        pages.turn("a")


def test_a_listing_has_an_end() -> None:
    pages = Pages("orders", most=3)
    for mark in range(3):
        pages.turn(mark)
    with pytest.raises(ServerError, match="more than 3 pages"):
        pages.turn(3)


BODIES = msgspec.json.Decoder(dict[str, int])


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    with serving(answer(body=b'{"a": 1"],}}{'), answer(body=b'{"a": 1}')) as wire:
        assert ask(session_to(wire.url), BODIES, "GET", "/a") == {"a": 1}


def test_an_answer_that_never_can_be_read_is_a_server_error() -> None:
    with serving(answer(body=b'{"a": "word"}')) as wire, pytest.raises(ServerError, match="agreed form"):
        ask(session_to(wire.url), BODIES, "GET", "/a")
    assert len(wire.asked) == 3


def test_an_unreadable_answer_to_a_write_is_an_unknown_outcome() -> None:
    with serving(answer(body=b"<oops>")) as wire, pytest.raises(OutcomeUnknownError):
        ask(session_to(wire.url), BODIES, "POST", "/a", is_write=True)
    assert len(wire.asked) == 1


THINGS = Resource(
    "things", RestList("/things"), "source_id", (Field("id", "source_id", required=True),), Snapshot()
)


def numbers_in(reader: RestList, url: str, window: Window | None = None) -> list[int]:
    found = reader.read_window(session_to(url), THINGS, window)
    return [msgspec.json.decode(raw)["id"] for page in found for raw in page]


def test_pages_by_number_end_where_the_list_says_so() -> None:
    first = answer(body=b'{"next": 2, "records": []}')
    second = answer(body=b'{"next": null, "records": [{"id": 1}, {"id": 2}]}')
    with serving(first, second) as wire:
        assert numbers_in(RestList("/things", size=2), wire.url) == [1, 2]
    assert [asked.line for asked in wire.asked] == [
        "GET /things?size=2&page=1 HTTP/1.1",
        "GET /things?size=2&page=2 HTTP/1.1",
    ]


def test_pages_by_number_without_a_word_end_at_the_first_that_is_not_full() -> None:
    with serving(answer(body=b'[{"id": 1}, {"id": 2}]'), answer(body=b'[{"id": 3}]')) as wire:
        assert numbers_in(RestList("/things", records="", size=2), wire.url) == [1, 2, 3]


def test_pages_by_cursor_follow_it() -> None:
    first = answer(body=b'{"after": "x y", "data": {"items": [{"id": 1}]}}')
    with serving(first, answer(body=b'{"data": {"items": [{"id": 2}]}}')) as wire:
        reader = RestList("/t", records="data.items", paging=Paging.CURSOR, next="after", page_parameter="after")
        assert numbers_in(reader, wire.url) == [1, 2]
    assert "after=x+y" in wire.asked[1].line


def test_pages_by_link_follow_it_with_nothing_added() -> None:
    link = '</t?page_info=abc>; rel="next", </t>; rel="previous"'
    with serving(answer(body=b'[{"id": 1}]', Link=link), answer(body=b'[{"id": 2}]')) as wire:
        reader = RestList("/t", records="", paging=Paging.LINK, since="updated_min")
        window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
        assert numbers_in(reader, wire.url, window) == [1, 2]
    assert "updated_min=2026-11-01" in wire.asked[0].line
    assert wire.asked[1].line == "GET /t?page_info=abc HTTP/1.1"


def test_a_cursor_that_comes_again_stops_a_list() -> None:
    with serving(answer(body=b'{"next": "x", "records": [{"id": 1}]}')) as wire, pytest.raises(ServerError):
        numbers_in(RestList("/t", paging=Paging.CURSOR), wire.url)
    assert len(wire.asked) == 2


def test_a_selection_names_every_field_once() -> None:
    fields = (
        Field("id", "source_id"),
        Field("owner.id", "owner_id"),
        Field("owner.name.first", "first_name"),
        Field("lines", "lines", Kind.JSON, select="lines(first: 5) {nodes {sku}}"),
    )
    arguments = {"owner": '(at: "x")'}
    assert select_fields(fields, arguments) == 'id owner(at: "x") {id name {first}} lines(first: 5) {nodes {sku}}'


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Email ada@example.com is taken", "ada@example.com"),
        ("call +49 (30) 123-4567 now", "123-4567"),
        ("no account 00491234567", "00491234567"),
        ("duplicates value Nordwind on record", "Nordwind"),
        ("DUPLICATES NORDWIND", "NORDWIND"),
    ],
)
def test_a_masked_sentence_holds_nothing_personal(text: str, hidden: str) -> None:
    assert hidden not in masked(text, ["Nordwind", None, True, ""])


def test_a_masked_sentence_is_one_short_line() -> None:
    assert masked("a\n\tb") == "a b"
    assert len(masked("word " * 200)) == 200


@pytest.mark.parametrize(
    ("kind", "left", "right", "same"),
    [
        (Kind.TIMESTAMP, "2026-11-01T08:09:10.000+0000", "2026-11-01T08:09:10Z", True),
        (
            Kind.TIMESTAMP,
            datetime(2026, 11, 1, 9, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-01T08:00:00Z",
            True,
        ),
        (Kind.TIMESTAMP, "2026-11-01T08:09:10.000001Z", "2026-11-01T08:09:10Z", False),
        (Kind.TIMESTAMP, "soon", "soon", False),
        (Kind.DECIMAL, "12.30", 12.3, True),
        (Kind.INTEGER, 5, "6", False),
        (Kind.TEXT, "1793555344.0", "1793555344.0", True),
        (Kind.TEXT, None, "", False),
        (Kind.TEXT, None, None, True),
    ],
)
def test_guards_compare_meaning_and_not_spelling(kind: Kind, left: object, right: object, same: bool) -> None:
    assert are_same(kind, left, right) is same


def change(name: str) -> Change:
    return Change(name, name, "update", {}, {"city": "Bern"}, {})


def test_a_refused_call_is_narrowed_down_to_the_change_at_fault() -> None:
    def send(changes: list[Change]) -> list[Outcome]:
        if any(item.change_id == "bad" for item in changes):
            raise RequestError("Bern is not a city")
        return [confirmed(item) for item in changes]

    outcomes = settle([change("one"), change("bad"), change("two")], send)  # type: ignore[arg-type]
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.REJECTED, End.CONFIRMED]
    assert outcomes[1].message == "… is not a city"


def test_a_change_the_answer_does_not_mention_is_unknown() -> None:
    outcomes = settle([change("one"), change("two")], lambda changes: [confirmed(changes[1])])
    assert {item.change_id: item.end for item in outcomes} == {"two": End.CONFIRMED, "one": End.UNKNOWN}


def test_what_was_done_before_a_call_failed_is_kept_and_the_rest_is_held() -> None:
    def send(changes: list[Change]) -> list[Outcome]:
        if changes[0].change_id == "two":
            raise NetworkError("gone")
        return [confirmed(item) for item in changes]

    outcomes = settle_all([[change("one")], [change("two")], [change("three")]], send)  # type: ignore[arg-type]
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.HELD, End.HELD]


def test_a_first_call_that_fails_is_the_callers_to_repeat() -> None:
    def send(changes: object) -> list[Outcome]:
        raise AuthenticationError("no")

    with pytest.raises(AuthenticationError):
        settle_all([[change("one")]], send)


def test_the_registry_finds_every_module_and_names_those_it_has() -> None:
    assert [item.name for item in systems()] == sorted(item.name for item in systems())
    assert {"salesforce", "shopify", "tryton"} <= {item.name for item in declared_systems()}
    with pytest.raises(ContractError, match=r"there are .*salesforce.*shopify.*tryton"):
        system("abacus")


def test_an_installation_uses_the_systems_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_SYSTEMS", "tryton, shopify")
    assert [item.name for item in systems()] == ["shopify", "tryton"]
    assert set(pool_slots()) == {"shopify", "tryton", "dbt"}
    monkeypatch.delenv("CONCORD_SYSTEMS")
    assert systems() == declared_systems()
    monkeypatch.setenv("CONCORD_SYSTEMS", "abacus")
    with pytest.raises(ConfigurationError, match="CONCORD_SYSTEMS names abacus"):
        systems()


def test_headers_of_a_call_come_before_those_of_the_system() -> None:
    manners = Manners(headers={"Revision": "2026-07-15", "Accept": "application/vnd.api+json"})
    with serving(answer(), answer()) as wire:
        ways = Ways(manners, patience=Patience(sleep=lambda seconds: None, read_seconds=2))
        session = HttpSession(Connection("test_default", wire.url), Token(), ways)
        session.with_headers({"If-Match": "7", "Accept": "text/csv"}).send("GET", "/one")
        session.send("GET", "/two")
    first, second = (item.headers for item in wire.asked)
    assert (first["revision"], first["if-match"], first["accept"]) == ("2026-07-15", "7", "text/csv")
    assert (second.get("if-match"), second["accept"]) == (None, "application/vnd.api+json")
    assert session.statistics.calls == 2
