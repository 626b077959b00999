"""Named rate limits and locked records: what a session waits for, and what it does not wait for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from concord.contract import VendorRules
from concord.errors import RateLimitError, ServerError
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from tests.unit.opened import Token
from tests.unit.wire import Wire, answer, serving

RULES = VendorRules(
    limit_waits={"SHORT": 3.0, "DAY": 3600.0}, busy_waits={423: 2.0}, refuses_before_acting=frozenset({429, 503})
)
OK = answer(body=b"{}")
Open = Callable[..., tuple[Wire, HttpSession, list[float]]]


def limit(name: str, **headers: str) -> bytes:
    return answer(429, f'{{"policyName":"{name}"}}'.encode(), **headers)


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_to(*script: bytes) -> tuple[Wire, HttpSession, list[float]]:
            wire, waits = stack.enter_context(serving(*script)), list[float]()
            retry_limits = RetryLimits(read_seconds=0.3, sleep=waits.append)
            session = HttpSession(
                Connection("test_default", wire.url, "u", "p"), Token(), SessionSettings(RULES, retry_limits)
            )
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


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_is_repeated_where_the_vendor_refuses_before_it_acts(opened: Open, status: int) -> None:
    wire, session, waits = opened(answer(status, Retry_After="1"), OK)
    assert session.send("POST", "/a", body={}, is_write=True) == b"{}"
    assert (len(wire.asked), waits) == (2, [1.0])
