"""What all readers share: pages fetched ahead, listings that must end, responses that cannot be decoded."""

import threading
from collections.abc import Iterator

import msgspec
import pytest

from concord.contract import Page
from concord.errors import NetworkError, OutcomeUnknownError, ServerError
from concord.protocols.reading import Pages, ask, page_by_page, prefetch
from tests.unit.opened import session_to
from tests.unit.wire import answer, serving


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
        pages.note_next(mark)
    with pytest.raises(ServerError, match="orders repeat themselves"):
        pages.note_next("a")


def test_a_listing_has_an_end() -> None:
    pages = Pages("orders", most=3)
    for mark in range(3):
        pages.note_next(mark)
    with pytest.raises(ServerError, match="more than 3 pages"):
        pages.note_next(3)


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


def test_nothing_is_fetched_ahead_page_by_page() -> None:
    is_second_asked = threading.Event()

    def pages() -> Iterator[Page]:
        yield [msgspec.Raw(b"1")]
        is_second_asked.set()
        yield [msgspec.Raw(b"2")]

    with page_by_page():
        found = prefetch(pages())
        assert next(found) == [msgspec.Raw(b"1")]
        assert not is_second_asked.wait(0.3)
        assert next(found) == [msgspec.Raw(b"2")]
    ahead = prefetch(pages())
    is_second_asked.clear()
    next(ahead)
    assert is_second_asked.wait(5)
    ahead.close()  # type: ignore[attr-defined]  # a generator
