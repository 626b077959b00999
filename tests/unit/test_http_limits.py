"""Limits that have names, records that may be busy: what a session waits for, and what it does not."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from concord.contract import Manners
from concord.errors import RateLimitError, ServerError
from concord.http.client import HttpSession, Ways
from concord.http.patience import Patience
from concord.settings import Connection
from tests.unit.opened import Token
from tests.unit.wire import Wire, answer, serving

MANNERS = Manners(limit_waits={"SHORT": 3.0, "DAY": 3600.0}, busy_waits={423: 2.0})
OK = answer(body=b"{}")
Open = Callable[..., tuple[Wire, HttpSession, list[float]]]


def limit(name: str, **headers: str) -> bytes:
    return answer(429, f'{{"policyName":"{name}"}}'.encode(), **headers)


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_to(*script: bytes) -> tuple[Wire, HttpSession, list[float]]:
            wire, waits = stack.enter_context(serving(*script)), list[float]()
            patience = Patience(read_seconds=0.3, sleep=waits.append)
            session = HttpSession(Connection("test_default", wire.url, "u", "p"), Token(), Ways(MANNERS, patience))
            stack.callback(session.close)
            return wire, session, waits

        yield open_to


@pytest.mark.parametrize("is_write", [False, True])
def test_a_named_limit_is_waited_for_as_declared(opened: Open, is_write: bool) -> None:
    wire, session, waits = opened(limit("SHORT"), OK)
    assert session.send("POST", "/a", body={}, is_write=is_write) == b"{}"
    assert (len(wire.asked), waits) == (2, [3.0])


def test_the_vendors_own_wish_comes_before_what_is_declared(opened: Open) -> None:
    _, session, waits = opened(limit("SHORT", Retry_After="7"), OK)
    assert session.send("GET", "/a")
    assert waits == [7.0]


def test_a_limit_that_stays_shut_for_long_is_not_asked_again(opened: Open) -> None:
    wire, session, waits = opened(limit("DAY"), OK)
    with pytest.raises(RateLimitError, match="DAY") as refused:
        session.send("GET", "/a")
    assert (len(wire.asked), waits, refused.value.retry_after) == (1, [], 3600.0)


def test_a_limit_without_a_known_name_is_waited_for_as_any(opened: Open) -> None:
    wire, session, waits = opened(limit("OTHER"), OK)
    assert session.send("GET", "/a")
    assert len(wire.asked) == 2
    assert 0.25 <= waits[0] <= 0.5


def test_a_busy_record_is_written_after_a_while(opened: Open) -> None:
    wire, session, waits = opened(answer(423), answer(423), OK)
    assert session.send("POST", "/a", body={}, is_write=True) == b"{}"
    assert (len(wire.asked), waits) == (3, [2.0, 2.0])


def test_a_record_that_stays_busy_was_not_written_for_sure(opened: Open) -> None:
    wire, session, _ = opened(answer(423))
    with pytest.raises(ServerError, match="answered 423 to POST"):
        session.send("POST", "/a", body={}, is_write=True)
    assert len(wire.asked) == 5
