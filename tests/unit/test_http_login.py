"""Tokens are fetched once and renewed in time; a refused login and the library's errors become our own errors."""

import threading
from collections.abc import Iterator

import pytest
import requests
from requests import exceptions as foreign
from urllib3 import exceptions as lower

from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    NetworkError,
    OutcomeUnknownError,
    RequestError,
)
from concord.protocols.session.auth import ClientCredentials
from concord.protocols.session.transport import Request, as_ours
from tests.unit.opened import SECRET, Open, opening
from tests.unit.wire import answer


@pytest.fixture
def opened() -> Iterator[Open]:
    with opening() as open_to:
        yield open_to


TOKEN = answer(body=b'{"access_token": "abc", "expires_in": 3600}')


def test_a_token_is_fetched_once_for_all_threads(opened: Open) -> None:
    wire, found = opened(TOKEN)
    login = ClientCredentials("/token", header="X-Token")
    threads = [threading.Thread(target=login.headers, args=(found.session,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert login.headers(found.session) == {"X-Token": "abc"}
    assert len(wire.asked) == 1
    assert b"grant_type=client_credentials" in wire.asked[0].body


def test_a_token_about_to_end_is_fetched_anew(opened: Open) -> None:
    wire, found = opened(answer(body=b'{"access_token": "abc", "expires_in": 30}'))
    login = ClientCredentials("/token", header="X-Token")
    login.headers(found.session)
    login.headers(found.session)
    assert len(wire.asked) == 2


def test_a_token_renewed_by_another_thread_is_not_dropped(opened: Open) -> None:
    wire, found = opened(TOKEN)
    login = ClientCredentials("/token", header="X-Token")
    login.headers(found.session)
    login.refresh(found.session, {"X-Token": "an older one"})
    login.headers(found.session)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "refusal", [answer(400, b'{"error":"invalid_client"}'), answer(401), answer(403), answer()]
)
def test_a_login_that_fails_is_an_authentication_error(opened: Open, refusal: bytes) -> None:
    _, found = opened(refusal)
    with pytest.raises(AuthenticationError) as caught:
        ClientCredentials("/token", header="X-Token").headers(found.session)
    assert SECRET not in caught.value.message


def all_below(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind} | {below for child in kind.__subclasses__() for below in all_below(child)}


FOREIGN = sorted(
    (
        kind
        for kind in all_below(requests.RequestException) | all_below(lower.HTTPError)
        if kind.__module__ in (foreign.__name__, lower.__name__)
    ),
    key=lambda kind: f"{kind.__module__}.{kind.__name__}",
)


@pytest.mark.parametrize("is_write", [False, True], ids=["read", "write"])
def test_every_foreign_error_becomes_one_of_ours(is_write: bool) -> None:
    request = Request("POST", "http://host/a", "/a", {}, is_write=is_write)
    assert len(FOREIGN) > 40
    for kind in FOREIGN:
        error = kind.__new__(kind)
        Exception.__init__(error, "reason")
        ours = as_ours(error, request)  # type: ignore[arg-type]
        assert isinstance(ours, ConcordError), kind
        wanted = (NetworkError, OutcomeUnknownError, ConfigurationError, RequestError)
        assert isinstance(ours, wanted), kind
        if kind in (foreign.ReadTimeout, foreign.ChunkedEncodingError, lower.ProtocolError, lower.DecodeError):
            assert isinstance(ours, OutcomeUnknownError) is is_write
