"""The session: how a reader or writer calls one system's server, and how it logs in there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from concord.settings import Connection

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Response:
    """What a server sent back; header names are in lower case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    status: int = 200


class Session(Protocol):
    """Calls to one system's server: with its credentials, under its rate limit, and with retries.

    The methods raise the configuration, transient and permanent errors and the `OutcomeUnknownError` of
    `concord.errors`, and nothing else. `is_write=True` forbids a second attempt once the request may have reached
    the server; the call is then an `OutcomeUnknownError`. Bodies of responses are raw bytes; a `body` that is not
    bytes is sent as JSON. A protocol without HTTP (files, a database) takes the address from `connection`, and
    calls `wait_for_rate_limit` before each call of its own; where its server names a time, it calls `note_clock`.
    """

    connection: Connection

    def fetch(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> Response:
        """Send one request and return the response, whose status is a good one."""

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> bytes:
        """Send one request and return the body of the response, as `fetch` does."""

    def login(
        self,
        path: str,
        *,
        method: str = "POST",
        form: Mapping[str, str] | None = None,
        body: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request without credentials and return the response, for an `Auth` to log in.

        `form` is sent URL-encoded, any other `body` as `fetch` does; `headers` go along. A redirect is returned as
        it is. An `AuthenticationError` says that the vendor refuses the login.
        """

    @property
    def clock_behind(self) -> timedelta | None:
        """How far the server's clock is behind ours, ahead where negative; None where nothing said so yet."""

    def note_clock(self, said: datetime, *, sent: datetime) -> None:
        """Note the moment that the server's clock showed when it was asked for it at `sent`."""

    def once(self, name: str, ask: Callable[[], Told]) -> Told:
        """What `ask` gave when this session first asked under this name; errors are not kept.

        For what the vendor says of several resources in one response, such as the description of a service.
        """

    def with_headers(self, headers: Mapping[str, str]) -> "Session":
        """A session whose calls carry these headers as well, in place of its own of the same name."""

    def pause(self, seconds: float) -> None:
        """Wait that many seconds, and count them among those the session waited."""

    def wait_for_rate_limit(self) -> None:
        """Wait for the rate limit that all workers of the system share, and count one call."""

    def option(self, key: str, default: str | None = None) -> str:
        """An entry of the connection's extra fields; `ConfigurationError` where it is missing without default."""


class Auth(Protocol):
    """How a session logs in."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """The headers that authenticate a request; logs in first where there is no valid login."""

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Forget the login that gave these headers, which the server rejected; the next `headers` logs in anew."""
