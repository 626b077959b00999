"""The HTTP session to one system's server: it logs in, waits for the shared rate limit, retries, and counts calls.

A write is never sent a second time once it may have arrived. Credentials never leave the connection's host.
"""

import logging
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from concord.contract import Auth, Response, VendorRules
from concord.errors import (
    AuthenticationError,
    ConcordError,
    ContractViolationError,
    NetworkError,
    RequestError,
)
from concord.protocols.repair import MARK
from concord.protocols.session.login_ended import says_login_ended
from concord.protocols.session.refusals import request_error, say_upgrade
from concord.protocols.session.retries import RetryLimits, Statistics, retry
from concord.protocols.session.server_clock import ServerClock
from concord.protocols.session.transport import Request, exchange, new_session
from concord.protocols.session.verdict import GOOD, judge
from concord.settings import Connection

Told = TypeVar("Told")
_logger = logging.getLogger(__name__)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_AGENT = "concord"
_OTHER_VERSION = "version that answered"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Settings of a session: the vendor's rules, our limits for retries and time, and the shared rate limit.

    `wait_for_rate_limit` waits until this call may be made under the limit that all workers of the system share,
    and returns the seconds it waited.
    """

    rules: VendorRules = field(default_factory=VendorRules)
    retry_limits: RetryLimits = field(default_factory=RetryLimits)
    wait_for_rate_limit: Callable[[], float] = float


class HttpSession:
    """The implementation of `concord.contract.Session` over HTTP; close it to free its connections."""

    def __init__(self, connection: Connection, auth: Auth, settings: SessionSettings | None = None) -> None:
        self.connection = connection
        self.statistics = Statistics()
        self._auth = auth
        self.settings = settings or SessionSettings()
        self.headers = dict(self.settings.rules.headers)
        self._http = new_session(connection.url)
        self._clock = ServerClock()
        self._told: dict[str, Any] = {}
        self._has_warned = False

    def close(self) -> None:
        """Free the connections."""
        self._http.close()

    def with_headers(self, headers: Mapping[str, str]) -> "HttpSession":
        """A session with the same connections and statistics, whose calls carry these headers as well."""
        other = copy(self)
        other.headers = {**self.headers, **headers}
        return other

    def with_retry_limits(self, retry_limits: RetryLimits) -> "HttpSession":
        """A session with the same connections and statistics, which tries calls again by these limits."""
        other = copy(self)
        other.settings = replace(self.settings, retry_limits=retry_limits)
        return other

    def once(self, name: str, ask: Callable[[], Told]) -> Told:
        """What `ask` gave when this session, or one made of it, first asked under this name."""
        if name not in self._told:
            self._told[name] = ask()
        told: Told = self._told[name]
        return told

    @property
    def other_version(self) -> str:
        """The API version that answered where it is not the one that was asked for, else empty."""
        return str(self._told.get(_OTHER_VERSION, ""))

    def option(self, key: str, default: str | None = None) -> str:
        """An entry of the connection's extra fields."""
        return self.connection.option(key, default)

    def pause(self, seconds: float) -> None:
        """Wait that many seconds, at most `longest_wait`, and add them to the statistics."""
        seconds = max(0.0, min(seconds, self.settings.retry_limits.longest_wait))
        if seconds:
            self.settings.retry_limits.sleep(seconds)
            self.statistics.add(waited=seconds)

    def wait_for_rate_limit(self) -> None:
        """Wait for the shared rate limit, and count one call."""
        self.statistics.add(calls=1, waited=self.settings.wait_for_rate_limit())

    @property
    def clock_behind(self) -> timedelta | None:
        """How far the server's clock is behind ours, by the `Date` of its responses."""
        return self._clock.behind

    def note_clock(self, said: datetime, *, sent: datetime) -> None:
        """Note what a server without HTTP says of the time; it was asked at `sent`."""
        self._clock.note(said, sent=sent, received=datetime.now(UTC), exact_to=timedelta(0))

    def login(
        self,
        path: str,
        *,
        method: str = "POST",
        form: Mapping[str, str] | None = None,
        body: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The response to a call without credentials, also cookies; a refusal is an `AuthenticationError`."""
        self._http.cookies.clear()
        request = self._build(method, path, None, urlencode(form).encode() if form is not None else body)
        form_header = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        request = replace(request, headers={**request.headers, **form_header, **(headers or {})}, is_login=True)
        try:
            response = self._send_with_retries(request)
        except RequestError as error:
            if error.facts.get("status") not in (400, 401, 403):
                raise
            raise self._login_refused() from error
        if response.status == 401:
            raise self._login_refused()
        return response

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
        """The body of the response to an authenticated call."""
        return self.fetch(method, path, params=params, body=body, is_write=is_write).body

    def fetch(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> Response:
        """The response to an authenticated call; when the server says that the login ended, it is renewed once.

        A write is not sent, and a `ContractViolationError`, where a value goes along that could not be read.
        """
        request = replace(self._build(method, path, params, body), is_write=is_write)
        if is_write and MARK in (request.data or b""):
            raise ContractViolationError(
                "The record holds a value that cannot be read and would have to be sent along with the change, so "
                "nothing was written; correct the record at the vendor.",
                rule="readable",
            )
        credentials = self._auth.headers(self)
        response = self._send_signed(request, credentials)
        if says_login_ended(response, self.settings.rules):
            self._auth.refresh(self, credentials)
            response = self._send_signed(request, self._auth.headers(self))
        if says_login_ended(response, self.settings.rules):
            raise AuthenticationError(
                f'The vendor does not accept a fresh login of connection "{self.connection.name}"; see that the '
                "application is still installed and has its permissions, then correct the connection.",
                connection=self.connection.name,
            )
        self._check_version(response, request)
        return response

    def _send_signed(self, request: Request, credentials: Mapping[str, str]) -> Response:
        return self._send_with_retries(replace(request, headers={**request.headers, **credentials}))

    def _send_with_retries(self, request: Request) -> Response:
        """The first good response, or one that says that the login ended; others are repeated if that helps."""
        verdict, rules = GOOD, self.settings.rules

        def send_once() -> Response:
            nonlocal verdict
            self.wait_for_rate_limit()
            response = self._follow(request)
            self.statistics.add(received=len(response.body))
            verdict = GOOD if self._needs_no_verdict(response, request) else judge(response, request, rules)
            if verdict.error is not None:
                raise verdict.error
            return response

        def may_repeat(error: ConcordError) -> bool:
            return verdict.may_repeat if verdict.error is error else isinstance(error, NetworkError)

        return retry(send_once, self.settings.retry_limits, self._pause_before_retry, may_repeat=may_repeat)

    def _needs_no_verdict(self, response: Response, request: Request) -> bool:
        """Whether the response says that the login ended, or is the redirect by which a login by form succeeds."""
        is_over = says_login_ended(response, self.settings.rules)
        return response.status == 401 or (response.status in _REDIRECTS if request.is_login else is_over)

    def _pause_before_retry(self, seconds: float) -> None:
        self.statistics.add(retries=1)
        self.pause(seconds)

    def _follow(self, request: Request) -> Response:
        """Exchange, following redirects of reads within the same host."""
        response = self._exchange(request)
        for _ in range(_MOST_REDIRECTS):
            is_last = request.method != "GET" or self._needs_no_verdict(response, request)
            if response.status not in _REDIRECTS or is_last:
                return response
            target = urljoin(request.url, response.headers.get("location", ""))
            request = replace(request, url=self._url_of(target), params=None)
            response = self._exchange(request)
        raise request_error(response, request, self.settings.rules)

    def _exchange(self, request: Request) -> Response:
        sent = datetime.now(UTC)
        response = exchange(self._http, request, self.settings.retry_limits)
        self._clock.note_headers(response.headers, sent=sent)
        return response

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

    def _check_version(self, response: Response, request: Request) -> None:
        """Warn once when another API version answered: vendors serve a newer one when they retire the old."""
        name = self.settings.rules.version_header
        served, asked = response.headers.get(name.lower(), ""), self.headers.get(name, request.path)
        if served and served != asked and f"/{served}/" not in asked and not self._has_warned:
            self._has_warned = True
            self._told[_OTHER_VERSION] = served
            _logger.warning(
                "The API version asked for is not the one that answered; %s. connection=%s asked=%s served=%s",
                say_upgrade(self.settings.rules),
                self.connection.name,
                asked,
                served,
            )
