"""A session waits, repeats, gives up and reports as its contract says, whatever the server does."""

import gzip
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from concord.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitError,
    RequestError,
    ServerError,
)
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits, read_retry_after
from tests.unit.opened import SECRET, Open, Opened, Token, opening
from tests.unit.wire import CLOSE, HANG, Drip, answer

OK = answer(body=b'{"fine": true}')
LIMIT = b'[{"message":"TotalRequests Limit exceeded.","errorCode":"TOO_MUCH"}]'


@pytest.fixture
def opened() -> Iterator[Open]:
    with opening() as open_to:
        yield open_to


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("2.5", 2.5, 2.5),
        ("Sun, 01 Nov 2020 00:00:00 GMT", 0, 0),
        ("86400", 30, 30),
        ("1e400", 0.25, 0.5),
        ("-5", 0.25, 0.5),
        ("soon", 0.25, 0.5),
        ("nan", 0.25, 0.5),
    ],
)
def test_a_limit_is_waited_for_as_long_as_asked_but_not_longer_than_the_cap(
    opened: Open, wish: str, least: float, most: float
) -> None:
    wire, found = opened(answer(429, Retry_After=wish), OK)
    assert found.session.send("GET", "/a") == b'{"fine": true}'
    assert len(wire.asked) == 2
    assert least <= found.session.statistics.waited_seconds <= most


def test_a_limit_with_a_date_waits_until_then() -> None:
    assert 3590 <= (read_retry_after({"retry-after": in_an_hour()}) or 0) <= 3600
    assert read_retry_after({"retry-after": in_an_hour()}, lambda: datetime.now(UTC) + timedelta(hours=2)) == 0


def test_waits_grow_and_end_in_the_error_with_its_attempts(opened: Open) -> None:
    wire, found = opened(answer(429))
    with pytest.raises(RateLimitError) as caught:
        found.session.send("GET", "/a")
    assert caught.value.facts["attempts"] == len(wire.asked) == 5
    assert found.waits == sorted(found.waits)
    assert all(0.25 * 2**place <= wait <= 0.5 * 2**place for place, wait in enumerate(found.waits))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_read_outlives_a_failing_server(opened: Open, status: int) -> None:
    wire, found = opened(answer(status), answer(status), OK)
    assert found.session.send("GET", "/a")
    assert len(wire.asked) == 3
    assert found.session.statistics.retries == 2


def test_a_server_that_stays_down_is_a_server_error(opened: Open) -> None:
    _, found = opened(answer(502))
    with pytest.raises(ServerError, match="answered 502 to GET /a"):
        found.session.send("GET", "/a")


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":'
SHORT = answer(body=b'{"fine": true}', Content_Length="400")
BROKEN_GZIP = answer(body=b"\x1f\x8b not really", Content_Encoding="gzip")
HALF = {
    "short": SHORT,
    "chunked": CHUNKED,
    "gzip": BROKEN_GZIP,
    "nothing": CLOSE,
    "hang": HANG,
    "noise": b"%%%\r\n",
}


@pytest.mark.parametrize("half", HALF.values(), ids=HALF)
def test_half_an_answer_is_asked_for_again(opened: Open, half: bytes | str) -> None:
    wire, found = opened(half, OK)
    assert found.session.send("GET", "/a") == b'{"fine": true}'
    assert len(wire.asked) == 2


@pytest.mark.parametrize("half", HALF.values(), ids=HALF)
def test_half_an_answer_to_a_write_is_an_unknown_outcome(opened: Open, half: bytes | str) -> None:
    wire, found = opened(half, OK)
    with pytest.raises(OutcomeUnknownError, match="read the records back"):
        found.session.send("POST", "/a", body={}, is_write=True)
    assert len(wire.asked) == 1


PAGE = answer(body=b"<!DOCTYPE html><html>", Content_Type="text/html")
UNCLEAR = {
    "500": answer(500),
    "502": answer(502),
    "503": answer(503),
    "503 with a time": answer(503, Retry_After="1"),
    "429": answer(429, Retry_After="1"),
    "504": answer(504),
    "408": answer(408),
    "page": PAGE,
}


@pytest.mark.parametrize("unclear", UNCLEAR.values(), ids=UNCLEAR)
def test_a_write_is_never_sent_again_when_it_may_have_arrived(opened: Open, unclear: bytes) -> None:
    wire, found = opened(unclear, OK)
    with pytest.raises(OutcomeUnknownError):
        found.session.send("POST", "/a", body={}, is_write=True)
    assert len(wire.asked) == 1


REFUSED = {
    "limit code": answer(403, LIMIT),
    "401": answer(401),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_a_write_that_was_turned_away_is_sent_again(opened: Open, refused: bytes) -> None:
    wire, found = opened(refused, OK)
    assert found.session.send("POST", "/a", body={}, is_write=True)
    assert len(wire.asked) == 2


@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
def test_a_refused_connection_is_a_network_error_and_tried_again(is_write: bool) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = Opened(f"http://127.0.0.1:{unused.getsockname()[1]}")
    with pytest.raises(NetworkError, match="check the host and port"):
        found.session.send("POST", "/a", is_write=is_write)
    assert len(found.waits) == 4


def test_a_page_for_people_is_not_data(opened: Open) -> None:
    _, found = opened(PAGE)
    with pytest.raises(ServerError, match="maintenance"):
        found.session.send("GET", "/a")


def test_a_limit_under_another_status_is_a_limit(opened: Open) -> None:
    wire, found = opened(answer(403, LIMIT))
    with pytest.raises(RateLimitError):
        found.session.send("GET", "/a")
    assert len(wire.asked) == 5


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 410, 412, 422, 423])
def test_other_refusals_are_final_and_keep_payload_and_secrets_to_themselves(opened: Open, status: int) -> None:
    body = b'{"code":"BAD_FIELD","message":"ada@example.com has no such field"}'
    wire, found = opened(answer(status, body))
    with pytest.raises(RequestError) as caught:
        found.session.send("GET", "/a", params={"email": "ada@example.com"})
    assert len(wire.asked) == 1
    assert caught.value.facts["status"] == status
    assert "BAD_FIELD" in caught.value.message
    assert "ada" not in repr(caught.value.args)
    assert SECRET not in repr(caught.value.__dict__)


def test_a_token_no_longer_believed_is_renewed_once(opened: Open) -> None:
    wire, found = opened(answer(401), OK)
    assert found.session.send("GET", "/a")
    assert [asked.headers["authorization"][-1] for asked in wire.asked] == ["1", "2"]


def test_a_fresh_token_not_believed_either_is_an_authentication_error(opened: Open) -> None:
    wire, found = opened(answer(401))
    with pytest.raises(AuthenticationError, match="test_default"):
        found.session.send("GET", "/a")
    assert len(wire.asked) == 2


def test_a_redirect_within_the_host_is_followed(opened: Open) -> None:
    wire, found = opened(answer(302, Location="/b?page=2"), OK)
    assert found.session.send("GET", "/a", params={"page": "1"})
    assert wire.asked[1].line.startswith("GET /b?page=2 ")
    assert wire.asked[1].headers["authorization"].endswith("-1")


def test_credentials_never_leave_the_host(opened: Open) -> None:
    elsewhere, _ = opened(OK)
    _, found = opened(answer(302, Location=f"{elsewhere.url}/a"))
    with pytest.raises(RequestError, match="another host"):
        found.session.send("GET", "/a")
    with pytest.raises(RequestError, match="another host"):
        found.session.send("GET", f"{elsewhere.url}/a")
    assert elsewhere.asked == []


def test_a_redirect_without_end_is_refused(opened: Open) -> None:
    wire, found = opened(answer(302, Location="/a"))
    with pytest.raises(RequestError):
        found.session.send("GET", "/a")
    assert len(wire.asked) == 4


def test_a_write_is_not_redirected(opened: Open) -> None:
    wire, found = opened(answer(307, Location="/b"), OK)
    with pytest.raises(RequestError):
        found.session.send("POST", "/a", body={}, is_write=True)
    assert len(wire.asked) == 1


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_an_answer_too_large_is_not_read_to_its_end(opened: Open, is_packed: bool) -> None:
    body = b"0" * 30_000_000
    script = answer(body=gzip.compress(body), Content_Encoding="gzip") if is_packed else answer(body=body)
    _, found = opened(script, largest_body=1024 * 1024)
    with pytest.raises(RequestError, match="larger than 1 MB"):
        found.session.send("GET", "/a")


def test_an_answer_that_drips_is_given_up(opened: Open) -> None:
    drip = Drip([answer(body=b"{}", Content_Length="42"), *[b" "] * 40], seconds=0.02)
    _, found = opened(drip, total_seconds=0.2, attempts=1)
    with pytest.raises(NetworkError, match="took longer than"):
        found.session.send("GET", "/a")


def test_the_session_keeps_account_of_what_it_cost(opened: Open) -> None:
    _, found = opened(answer(429, b"12345", Retry_After="2"), OK)
    found.session.send("GET", "/a")
    spent = found.session.statistics
    assert (spent.calls, spent.retries, spent.bytes_received, spent.waited_seconds) == (2, 1, 19, 2.0)


def test_every_call_waits_its_turn(opened: Open) -> None:
    wire, found = opened(answer(500), OK)
    turns: list[int] = []

    def wait_for_rate_limit() -> float:
        turns.append(len(wire.asked))
        return 0.5

    ways = SessionSettings(
        retry_limits=RetryLimits(sleep=lambda seconds: None), wait_for_rate_limit=wait_for_rate_limit
    )
    session = HttpSession(found.session.connection, Token(), ways)
    session.send("GET", "/a")
    session.close()
    assert turns == [0, 1]
    assert session.statistics.waited_seconds >= 1.0


def test_a_version_that_fell_forward_is_warned_of_once(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    _, found = opened(answer(X_Version="2027-01"))
    with caplog.at_level(logging.WARNING):
        found.session.send("GET", "/api/2026-10/a")
        found.session.send("GET", "/api/2026-10/a")
    assert len([record for record in caplog.records if "2027-01" in record.getMessage()]) == 1


def test_a_login_of_the_netrc_file_is_not_taken(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    wire, found = opened(OK)
    found.session.send("GET", "/a")
    assert wire.asked[0].headers["authorization"] == f"Bearer {SECRET}-1"
