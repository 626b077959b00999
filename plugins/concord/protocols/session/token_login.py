"""A login by a call whose response holds a token, declared: the call, where its token is, and how calls carry it.

A token lies in the body at any path, in a header or in cookies. It is fetched once per process and connection, and
anew when it ends, or when a response says that the login has ended (401, or a `LoginEnded` of the vendor's rules).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from concord.contract import Response, Session
from concord.errors import AuthenticationError, RateLimitError, RequestError
from concord.protocols.session.token_places import SLOT, AsHeader, InCookie, TokenPlace, content_of, get_in
from concord.protocols.session.tokens import TokenCache

_BARRED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class LoginCall:
    """The call that logs in; it carries no credentials but those named here.

    A text in `form`, `body` or `headers` that is `{login}` or `{password}` as a whole stands for that of the
    connection, and `{name}` for the entry `name` of its extra fields; in `path` such names may stand anywhere.
    `form` is sent URL-encoded, `body` as JSON, `xml` as it is, with such names anywhere in it. With `is_basic` the
    call also carries login and password as a Basic `Authorization`.
    """

    path: str
    method: str = "POST"
    form: Mapping[str, str] | None = None
    body: object | None = None
    xml: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_basic: bool = False

    def send(self, session: Session) -> Response:
        """The response; an `AuthenticationError` where the vendor refuses the login."""
        headers = {name: str(_filled(session, text)) for name, text in self.headers.items()}
        if self.is_basic:
            headers |= basic_header(session)
        form = self.form and {name: str(_filled(session, text)) for name, text in self.form.items()}
        path = SLOT.sub(lambda found: _value_of(session, found[1]), self.path)
        body = _filled(session, self.body)
        if self.xml:
            headers = {"Content-Type": "text/xml; charset=utf-8", "Accept": "*/*", **headers}
            body = SLOT.sub(lambda found: escape(_value_of(session, found[1]), {'"': "&quot;"}), self.xml).encode()
        return session.login(path, method=self.method, form=form, body=body, headers=headers)


AS_COOKIE = AsHeader("Cookie", "{token}")


@dataclass(eq=False, slots=True)
class TokenLogin:
    """Logs in by `call`, finds the token at `place`, and carries it as `carried`, cookies as cookies by default.

    `lifetime` is the seconds that a token lives where the body does not say so at `expires`, a dotted path of a
    number of seconds or an ISO time. `proof` is the dotted path of what only the body of a login holds that
    succeeded, for a vendor that hands out tokens to anybody. `barred` is the status by which the vendor refuses
    every login for some minutes after too many of them, 0 where it has none.
    """

    call: LoginCall
    place: TokenPlace
    carried: AsHeader | None = None
    lifetime: float = 5400.0
    expires: str = ""
    proof: str = ""
    barred: int = 0
    cache: TokenCache = field(default_factory=TokenCache, init=False, repr=False)

    def headers(self, session: Session) -> Mapping[str, str]:
        """The header that carries the token; logs in when there is none that is still valid."""
        with self.cache.lock:
            return self.cache.get(session) or self._log_in(session)

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Forget the rejected token, unless another thread has fetched a newer one already."""
        self.cache.forget(session, rejected)

    def call_for(self, session: Session) -> LoginCall:
        """The call that logs in now."""
        return self.call

    def _log_in(self, session: Session) -> Mapping[str, str]:
        try:
            response = self.call_for(session).send(session)
        except AuthenticationError as error:
            if isinstance(error.__cause__, RequestError) and error.__cause__.facts.get("status") == self.barred:
                raise _barred() from error
            raise
        found = self.place.find(response)
        if not found or (self.proof and not get_in(content_of(response), self.proof)):
            raise login_refused(session)
        carried = self.carried or (AS_COOKIE if isinstance(self.place, InCookie) else AsHeader())
        values = {"login": session.connection.login, **found}
        return self.cache.put(session, carried.write(values), self._seconds(response))

    def _seconds(self, response: Response) -> float:
        """The seconds that a token lives, which some vendors write as text or as a time."""
        text = str(get_in(content_of(response), self.expires)) if self.expires else ""
        if text.replace(".", "", 1).isdecimal():
            return float(text)
        try:
            end = datetime.fromisoformat(text)
        except ValueError:
            return self.lifetime
        return (end.replace(tzinfo=end.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def basic_header(session: Session) -> dict[str, str]:
    """Login and password of the connection as a Basic `Authorization`."""
    words = f"{session.connection.login}:{session.connection.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(words).decode('ascii')}"}


def login_refused(session: Session) -> AuthenticationError:
    """The error for a login whose response holds no token."""
    return AuthenticationError(
        f'The vendor gave no token for connection "{session.connection.name}"; '
        "correct its login and password in Airflow (Admin, Connections).",
        connection=session.connection.name,
    )


def _barred() -> RateLimitError:
    return RateLimitError(
        "After too many logins the vendor refuses all of them for some minutes; wait, and see that nothing else "
        "logs in with this connection over and over.",
        retry_after=_BARRED_SECONDS,
    )


def _filled(session: Session, content: object) -> object:
    """The same content with the values of the connection in the place of their names."""
    match content:
        case str() if found := SLOT.fullmatch(content):
            return _value_of(session, found[1])
        case Mapping():
            return {name: _filled(session, member) for name, member in content.items()}
        case list() | tuple():
            return [_filled(session, member) for member in content]
    return content


def _value_of(session: Session, name: str) -> str:
    known = {"login": session.connection.login, "password": session.connection.password}
    return known[name] if name in known else session.option(name)
