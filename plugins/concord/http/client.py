"""The session: one system's server behind credentials, a shared pace, short retries, and an account of it.

A write is never sent a second time once it may have arrived. Credentials never leave the connection's host.
"""

import logging
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from concord.contract import Answer, Auth, Manners
from concord.errors import AuthenticationError, ConcordError, NetworkError, RequestError
from concord.http.patience import Patience, Statistics
from concord.http.transport import Reply, Request, exchange, new_session
from concord.http.verdict import Verdict, judge, request_error
from concord.settings import Connection

_logger = logging.getLogger(__name__)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_AGENT = "concord"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a session behaves: the vendor's manners, our patience, and the turn that all workers share."""

    manners: Manners = field(default_factory=Manners)
    patience: Patience = field(default_factory=Patience)
    wait_turn: Callable[[], float] = float


class HttpSession:
    """The implementation of `concord.contract.Session` over HTTP; close it to free its connections."""

    def __init__(self, connection: Connection, auth: Auth, ways: Ways | None = None) -> None:
        self.connection = connection
        self.statistics = Statistics()
        self._auth = auth
        self._ways = ways or Ways()
        self.headers = dict(self._ways.manners.headers)
        self._http = new_session(connection.url)
        self._has_warned = False

    def close(self) -> None:
        """Free the connections."""
        self._http.close()

    def with_headers(self, headers: Mapping[str, str]) -> "HttpSession":
        """The same session and the same books; its calls carry these headers as well."""
        other = copy(self)
        other.headers = {**self.headers, **headers}
        return other

    def option(self, key: str, default: str | None = None) -> str:
        """An entry of the connection's extra fields."""
        return self.connection.option(key, default)

    def pause(self, seconds: float) -> None:
        """Wait, capped like every wait, and keep account of it."""
        seconds = max(0.0, min(seconds, self._ways.patience.longest_wait))
        if seconds:
            self._ways.patience.sleep(seconds)
            self.statistics.add(waited=seconds)

    def take_turn(self) -> None:
        """Wait for the shared pace, and book one call."""
        self.statistics.add(calls=1, waited=self._ways.wait_turn())

    def login(self, path: str, *, form: Mapping[str, str] | None = None, body: object | None = None) -> bytes:
        """A call without credentials; a refusal is an `AuthenticationError`."""
        if form is None:
            request = self._build("POST", path, None, body)
        else:
            headers = {"User-Agent": _AGENT, "Content-Type": "application/x-www-form-urlencoded"}
            data = urlencode(form).encode()
            request = Request("POST", self._url_of(path), path, headers, data=data)
        try:
            reply = self._send_patiently(request)
        except RequestError as error:
            if error.facts.get("status") not in (400, 401, 403):
                raise
            raise self._login_refused() from error
        if reply.status == 401:
            raise self._login_refused()
        return reply.body

    def _login_refused(self) -> AuthenticationError:
        return AuthenticationError(
            f'The vendor refuses the login of connection "{self.connection.name}"; '
            "correct its login and password in Airflow (Admin, Connections).",
            connection=self.connection.name,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> bytes:
        """The body of the answer to an authenticated call."""
        return self.fetch(method, path, params=params, body=body, is_write=is_write).body

    def fetch(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> Answer:
        """The answer to an authenticated call; when the server says 401, the login is renewed once."""
        request = replace(self._build(method, path, params, body), is_write=is_write)
        credentials = self._auth.headers(self)
        reply = self._send_signed(request, credentials)
        if reply.status == 401:
            self._auth.refresh(self, credentials)
            reply = self._send_signed(request, self._auth.headers(self))
        if reply.status == 401:
            raise AuthenticationError(
                f'The vendor does not accept a fresh login of connection "{self.connection.name}"; see that the '
                "application is still installed and has its permissions, then correct the connection.",
                connection=self.connection.name,
            )
        self._check_version(reply, request)
        return Answer(reply.body, reply.headers, reply.status)

    def _send_signed(self, request: Request, credentials: Mapping[str, str]) -> Reply:
        return self._send_patiently(replace(request, headers={**request.headers, **credentials}))

    def _send_patiently(self, request: Request) -> Reply:
        """Send until the answer is good, cannot become so, or patience ends; 401 is handed back as it is."""
        patience = self._ways.patience
        for attempt in range(1, patience.attempts + 1):
            verdict, reply = self._attempt(request)
            if verdict.error is None and reply is not None:
                return reply
            if verdict.error is not None and (not verdict.may_repeat or attempt == patience.attempts):
                verdict.error.facts.setdefault("attempts", attempt)
                raise verdict.error
            self.statistics.add(retries=1)
            self.pause(patience.wait_before(attempt + 1, verdict.retry_after))
        raise AssertionError("a session needs at least one attempt")

    def _attempt(self, request: Request) -> tuple[Verdict, Reply | None]:
        self.take_turn()
        try:
            reply = self._follow(request)
        except NetworkError as error:
            return Verdict(error, may_repeat=True), None
        except ConcordError as error:
            return Verdict(error), None
        self.statistics.add(received=len(reply.body))
        if reply.status == 401:
            return Verdict(), reply
        return judge(reply, request, self._ways.manners), reply

    def _follow(self, request: Request) -> Reply:
        """Exchange, following redirects of reads within the same host."""
        reply = exchange(self._http, request, self._ways.patience)
        for _ in range(_MOST_REDIRECTS):
            if reply.status not in _REDIRECTS or request.method != "GET":
                return reply
            target = urljoin(request.url, reply.headers.get("location", ""))
            request = replace(request, url=self._url_of(target), params=None)
            reply = exchange(self._http, request, self._ways.patience)
        raise request_error(reply, request)

    def _build(self, method: str, path: str, params: Mapping[str, str] | None, body: object | None) -> Request:
        headers = {"User-Agent": _AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        headers |= self.headers
        shown = urlsplit(path).path
        return Request(method, self._url_of(path), shown, headers, params, data)

    def _url_of(self, path: str) -> str:
        """The address of a path, or of a link the server gave us if it leads to the same host."""
        base = self.connection.url
        if "://" not in path:
            return f"{base.rstrip('/')}/{path.lstrip('/')}"
        wanted, ours = urlsplit(path), urlsplit(base)
        if (wanted.scheme, wanted.hostname, wanted.port) != (ours.scheme, ours.hostname, ours.port):
            raise RequestError(
                f"The server points to another host ({wanted.hostname}), where our credentials do not go; "
                f'correct the host of connection "{self.connection.name}".',
                connection=self.connection.name,
            )
        return path

    def _check_version(self, reply: Reply, request: Request) -> None:
        """Vendors that retire a version answer in another one without a word."""
        name = self._ways.manners.version_header
        served, asked = reply.headers.get(name.lower(), ""), self.headers.get(name, request.path)
        if served and served != asked and f"/{served}/" not in asked and not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "The API version asked for is not the one that answered; set a supported api_version in the "
                "connection's extra. connection=%s asked=%s served=%s",
                self.connection.name,
                asked,
                served,
            )
