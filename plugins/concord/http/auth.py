"""Logins: a token is fetched once per process and connection, renewed by the clock and on a 401."""

import base64
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from concord.contract import Session
from concord.errors import AuthenticationError, RateLimitError, RequestError, ServerError

_MARGIN = 60.0
_BARRED_SECONDS = 600.0
_Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    headers: Mapping[str, str]
    expires_at: float


class _TokenCache:
    """Tokens by connection; one thread fetches while the others wait for its result."""

    def __init__(self) -> None:
        self._tokens: dict[_Identity, _Token] = {}
        self._lock = threading.RLock()

    def get(self, session: Session) -> Mapping[str, str] | None:
        with self._lock:
            token = self._tokens.get(_identity(session))
            return token.headers if token and token.expires_at > time.monotonic() else None

    def put(self, session: Session, headers: Mapping[str, str], seconds: float) -> Mapping[str, str]:
        with self._lock:
            self._tokens[_identity(session)] = _Token(headers, time.monotonic() + max(0.0, seconds - _MARGIN))
            return headers

    def forget(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Drop the token unless another thread has put a newer one in its place."""
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


class ClientCredentials:
    """OAuth 2 client credentials: login and password of the connection are client id and secret.

    `lifetime` is used where the answer does not say how long the token lives. `barred` is the status that
    answers too many logins for some minutes, whatever they say.
    """

    def __init__(
        self, path: str, *, header: str, prefix: str = "", lifetime: float = 5400.0, barred: int = 0
    ) -> None:
        self._path, self._header, self._prefix, self._lifetime = path, header, prefix, lifetime
        self._barred = barred
        self._cache = _TokenCache()

    def headers(self, session: Session) -> Mapping[str, str]:
        """The header that carries the token; fetches one when there is none that will live on."""
        with self._cache.lock:
            return self._cache.get(session) or self._fetch(session)

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Fetch anew, unless another thread has done so already."""
        self._cache.forget(session, rejected)

    def _fetch(self, session: Session) -> Mapping[str, str]:
        try:
            answer = _decode_login(session.login(self._path, form=self.form(session)))
        except AuthenticationError as error:
            if isinstance(error.__cause__, RequestError) and error.__cause__.facts.get("status") == self._barred:
                raise _barred() from error
            raise
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise _refused(session)
        seconds = _seconds(answer.get("expires_in"), self._lifetime)
        return self._cache.put(session, {self._header: f"{self._prefix}{token}"}, seconds)

    def form(self, session: Session) -> Mapping[str, str]:
        """What the token is asked for with."""
        return {
            "grant_type": "client_credentials",
            "client_id": session.connection.login,
            "client_secret": session.connection.password,
        }


class StaticToken:
    """A token that lives until somebody withdraws it: the password of the connection, in a header."""

    def __init__(self, header: str = "Authorization", *, prefix: str = "Bearer ") -> None:
        self._header, self._prefix = header, prefix

    def headers(self, session: Session) -> Mapping[str, str]:
        """The header that carries the token."""
        return {self._header: f"{self._prefix}{session.connection.password}"}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """There is no other token; the second try with the same one decides."""


class BasicLogin:
    """Login and password of the connection, sent with every call."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """The Authorization header."""
        words = f"{session.connection.login}:{session.connection.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(words).decode('ascii')}"}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """There is no other login; the second try with the same one decides."""


class TrytonLogin:
    """A session of Tryton's JSON-RPC; the server forgets it after some minutes without calls."""

    def __init__(self, lifetime: float = 3600.0) -> None:
        self._lifetime = lifetime
        self._cache = _TokenCache()

    def headers(self, session: Session) -> Mapping[str, str]:
        """The Authorization header of the session; logs in when there is none."""
        with self._cache.lock:
            return self._cache.get(session) or self._log_in(session)

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Log in anew at the next call, unless another thread has done so already."""
        self._cache.forget(session, rejected)

    def _log_in(self, session: Session) -> Mapping[str, str]:
        user, password = session.connection.login, session.connection.password
        call = {"id": 0, "method": "common.db.login", "params": [user, {"password": password}, "en"]}
        answer = _decode_login(session.login(f"/{session.option('database')}/rpc/", body=call))
        match answer:
            case {"result": [int(number), str(token), *_]}:
                words = base64.b64encode(f"{user}:{number}:{token}".encode()).decode("ascii")
                return self._cache.put(session, {"Authorization": f"Session {words}"}, self._lifetime)
        raise _refused(session)


def _seconds(lifetime: object, otherwise: float) -> float:
    """How long a token lives by the answer, which some vendors write as text."""
    text = str(lifetime)
    return float(text) if text.replace(".", "", 1).isdecimal() else otherwise


def _decode_login(body: bytes) -> dict[str, object]:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ServerError(
            "The vendor answered a login with something that is not JSON; try again later."
        ) from error
    return answer if isinstance(answer, dict) else {}


def _refused(session: Session) -> AuthenticationError:
    return AuthenticationError(
        f'The vendor gave no token for connection "{session.connection.name}"; '
        "correct its login and password in Airflow (Admin, Connections).",
        connection=session.connection.name,
    )


def _barred() -> RateLimitError:
    return RateLimitError(
        "The vendor lets nobody log in for some minutes, because there were too many logins; wait, and see "
        "that nothing else logs in with this connection over and over.",
        retry_after=_BARRED_SECONDS,
    )
