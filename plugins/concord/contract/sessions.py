"""The way to a system's server: what is asked of it, what it answers, how it is logged in to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from concord.settings import Connection


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent back; header names are in lower case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    status: int = 200


class Session(Protocol):
    """An authenticated, paced, retrying way to one system's server; bodies are raw bytes.

    Raises the transient, permanent and outcome errors of `concord.errors`, and nothing else.
    `is_write=True` forbids a second attempt after the request may have reached the server. `login` is a
    call without credentials, for those who fetch them; `pause` waits and keeps account of it. What speaks
    no HTTP (a file, a database) takes the address from `connection` and its turn by `take_turn`.
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
    ) -> Answer:
        """Send one request and return the successful answer with its headers."""

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> bytes:
        """Send one request and return the body of a successful answer."""

    def login(self, path: str, *, form: Mapping[str, str] | None = None, body: object | None = None) -> bytes:
        """Send one request without credentials and return its body."""

    def with_headers(self, headers: Mapping[str, str]) -> "Session":
        """The same session; its calls carry these headers as well, and before our own of the same name."""

    def pause(self, seconds: float) -> None:
        """Wait, and keep account of it."""

    def take_turn(self) -> None:
        """Wait for the pace that all workers of the system share, and book one call."""

    def option(self, key: str, default: str | None = None) -> str:
        """An entry of the connection's extra fields; `ConfigurationError` where it lacks and has no default."""


class Auth(Protocol):
    """How a session proves who it is; `refresh` is told which headers the server no longer believes."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """The headers that authenticate a request, logging in first where that is due."""

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Forget what we logged in with; the next `headers` logs in anew."""
