"""A login is declared: where its token comes, how calls carry it, and what says that it ended."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from concord.contract import LoginEnded, Response, VendorRules
from concord.errors import AuthenticationError, ContractError, ServerError
from concord.protocols.session.auth import AsHeader, InBody, InCookie, InHeader, LoginCall, TokenLogin
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.protocols.session.token_places import TokenPlace
from concord.settings import Connection
from tests.unit.session_server import PASSWORD, USER, Habit, Office, open_office

CALL = LoginCall("/{company}/login", body={"user": "{login}", "password": "{password}"})
Log = Callable[..., tuple[Office, HttpSession]]

PLACES: dict[str, tuple[TokenPlace, AsHeader | None, str]] = {
    "header": (InHeader("Shop-Auth-Token"), None, ""),
    "cookie": (InCookie(("sid", "node")), None, ""),
    "text": (InBody(""), None, ""),
    "body": (
        InBody("result.1", also={"number": "result.0"}),
        AsHeader(text="Session id={token} {coded}", coded="{login}:{number}:{token}"),
        "uid",
    ),
}
XML_PATH = "Envelope.Body.loginResponse.result"
XML_CALL = LoginCall("/{company}/login", xml="<login><user>{login}</user><password>{password}</password></login>")
PLACES["xml"] = (
    InBody(f"{XML_PATH}.sessionId", also={"number": f"{XML_PATH}.@company"}),
    AsHeader(text="Session {login}:{number}={token}"),
    f"{XML_PATH}.userId",
)
GRAPHQL = LoginEnded("errors.extensions.code", codes=frozenset({"FORBIDDEN"}), unless="data")
ENDED: dict[str, tuple[LoginEnded, tuple[int, dict[str, str], bytes]]] = {
    "code": (GRAPHQL, (200, {}, b'{"errors": [{"extensions": {"code": "FORBIDDEN"}}], "data": {"order": null}}')),
    "number": (
        LoginEnded("error.code", codes=frozenset({"100"})),
        (200, {}, b'{"error": {"code": 100, "message": "x"}}'),
    ),
    "words": (
        LoginEnded("error", text="session expired"),
        (200, {}, '{"error": "Your session expired, Zoë"}'.encode()),
    ),
    "text": (LoginEnded(text="SESSION_ENDED"), (200, {}, b"SESSION_ENDED at 12:00")),
    "page": (
        LoginEnded(text="Please log in"),
        (200, {"Content-Type": "text/html"}, b"<html><p>Please log in</html>"),
    ),
    "status": (LoginEnded(statuses=frozenset({440})), (440, {}, b"{}")),
    "redirect": (LoginEnded(location="/login"), (302, {"Location": "/login?next=/orders"}, b"")),
}


@pytest.fixture
def log() -> Iterator[Log]:
    """A server of that habit and a session to it with the login."""
    with ExitStack() as stack:

        def log_in(
            place: str, login: TokenLogin | None = None, *, sign: str = "", password: str = PASSWORD
        ) -> tuple[Office, HttpSession]:
            habit = Habit(place, ENDED[sign][1]) if sign else Habit(place)
            office = stack.enter_context(open_office(habit))
            found, carried, proof = PLACES[place]
            call = XML_CALL if place == "xml" else CALL
            rules = VendorRules(login_ended=(ENDED[sign][0],) if sign else ())
            connection = Connection("test_default", office.url, USER, password, {"company": "main"})
            settings = SessionSettings(rules, RetryLimits(first_wait=0.0, attempts=2))
            session = HttpSession(connection, login or TokenLogin(call, found, carried, proof=proof), settings)
            stack.callback(session.close)
            return office, session

        yield log_in


@pytest.mark.parametrize("place", PLACES)
def test_a_token_is_found_where_it_is_declared_and_carried_with_every_call(log: Log, place: str) -> None:
    office, session = log(place)
    for _ in range(3):
        assert session.fetch("GET", "/orders").status == 200
    assert office.logins == 1


@pytest.mark.parametrize("place", PLACES)
def test_a_login_that_is_refused_in_a_good_response_is_an_authentication_error(log: Log, place: str) -> None:
    if place == "text":
        pytest.skip("a body that is the token as a whole is refused with a status")
    found, proof = (InCookie(("sid",)), "uid") if place == "cookie" else (PLACES[place][0], PLACES[place][2])
    office, session = log(place, TokenLogin(CALL, found, proof=proof), password="wrong")
    with pytest.raises(AuthenticationError, match='gave no token for connection "test_default"'):
        session.fetch("GET", "/orders")
    assert office.written == []


@pytest.mark.parametrize("sign", ENDED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_ended_is_renewed_once_whatever_says_so(log: Log, sign: str, method: str) -> None:
    office, session = log("header", sign=sign)
    session.fetch("GET", "/orders")
    office.valid.clear()
    assert session.fetch(method, "/orders", is_write=method == "POST").status == 200
    assert office.logins == 2
    assert len(office.written) == (1 if method == "POST" else 0)


@pytest.mark.parametrize("sign", ENDED)
def test_a_fresh_login_that_is_not_accepted_either_is_an_authentication_error(log: Log, sign: str) -> None:
    office, session = log("header", TokenLogin(CALL, InHeader("shop-auth-token"), AsHeader("X-Lost")), sign=sign)
    with pytest.raises(AuthenticationError, match="fresh login"):
        session.fetch("GET", "/orders")
    assert office.logins == 2


def test_a_password_stands_in_xml_as_text_and_a_response_with_entities_is_not_read() -> None:
    login = Response(b'<!DOCTYPE a [<!ENTITY x "t1">]><a>&x;</a>', {}, 200)
    with pytest.raises(ServerError, match="neither JSON nor XML"):
        InBody("a").find(login)
    with open_office(Habit("xml")) as office:
        odd = Connection("test_default", office.url, USER, 'a<b&"c', {"company": "main"})
        session = HttpSession(odd, TokenLogin(XML_CALL, InBody("sessionId")))
        with pytest.raises(AuthenticationError, match="gave no token") as refused:
            session.fetch("GET", "/orders")
        session.close()
    assert odd.password not in str(refused.value)


def test_a_record_that_holds_the_words_of_an_ended_session_does_not_end_it(log: Log) -> None:
    office, session = log("header", sign="text")
    assert b"SESSION_ENDED" in session.fetch("GET", "/orders").body
    assert office.logins == 1


def test_a_refusal_of_a_part_beside_data_does_not_end_a_session(log: Log) -> None:
    office, session = log("header", sign="code")
    session.fetch("GET", "/orders")
    part = b'{"errors": [{"extensions": {"code": "FORBIDDEN"}}], "data": {"order": {"id": "7"}, "customer": null}}'
    office.habit.ended = (200, {}, part)
    office.valid.clear()
    assert session.fetch("GET", "/orders").body == part
    assert office.logins == 1


def test_a_login_that_lacks_one_of_its_cookies_is_refused(log: Log) -> None:
    _, session = log("cookie", TokenLogin(CALL, InCookie(("sid", "cluster"))))
    with pytest.raises(AuthenticationError, match="gave no token"):
        session.fetch("GET", "/orders")


def test_cookies_that_the_server_sets_later_go_along_and_a_login_carries_none(log: Log) -> None:
    office, session = log("cookie", sign="redirect")
    session.fetch("GET", "/orders")
    session.fetch("GET", "/orders")
    office.valid.clear()
    session.fetch("GET", "/orders")
    assert office.cookies[:3] == ["", "sid=t1; node=n7", "sid=t1; node=n7; seen=1"]
    assert office.cookies[4:] == ["", "sid=t2; node=n7"]


@pytest.mark.parametrize("path", ["session.seconds", "session.text", "session.end"])
def test_the_time_that_a_token_lives_is_read_at_its_path(log: Log, path: str) -> None:
    login = TokenLogin(CALL, InBody("result.1"), AsHeader(text="id={token}"), expires=path, lifetime=1)
    office, session = log("body", login)
    session.fetch("GET", "/orders")
    session.fetch("GET", "/orders")
    assert office.logins == 1


def test_a_sign_that_says_nothing_is_refused() -> None:
    for wrong in ({}, {"path": "code"}, {"codes": frozenset({"1"})}):
        with pytest.raises(ContractError, match="LoginEnded"):
            LoginEnded(**wrong)
