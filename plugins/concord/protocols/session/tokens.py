"""Tokens that were fetched, by connection, for all threads of a process."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from concord.contract import Session

_MARGIN = 60.0
_Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    headers: Mapping[str, str]
    expires_at: float


class TokenCache:
    """Tokens by connection; while one thread fetches a token, the others wait for it."""

    def __init__(self) -> None:
        self._tokens: dict[_Identity, _Token] = {}
        self._lock = threading.RLock()

    def get(self, session: Session) -> Mapping[str, str] | None:
        """The headers of a token that is still valid, None where one has to be fetched."""
        with self._lock:
            token = self._tokens.get(_identity(session))
            return token.headers if token and token.expires_at > time.monotonic() else None

    def put(self, session: Session, headers: Mapping[str, str], seconds: float) -> Mapping[str, str]:
        """Keep the headers of a token that lives for that many seconds, and return them."""
        with self._lock:
            self._tokens[_identity(session)] = _Token(headers, time.monotonic() + max(0.0, seconds - _MARGIN))
            return headers

    def forget(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Drop the token, unless another thread has already fetched a newer one."""
        with self._lock:
            token = self._tokens.get(_identity(session))
            if token is not None and token.headers == rejected:
                del self._tokens[_identity(session)]

    @property
    def lock(self) -> threading.RLock:
        """Held while a token is fetched."""
        return self._lock


def _identity(session: Session) -> _Identity:
    connection = session.connection
    return connection.url, connection.login, connection.password
