"""Logins that a declaration names: OAuth 2 client credentials, a fixed token, Basic.

A login by any other call is declared as a `TokenLogin`: `LoginCall` is the call, `InBody`, `InHeader` or
`InCookie` where its token lies, `AsHeader` how calls carry it.
"""

from collections.abc import Mapping

from concord.contract import Session
from concord.protocols.session.token_login import LoginCall, TokenLogin, basic_header
from concord.protocols.session.token_places import AsHeader, InBody, InCookie, InHeader

__all__ = [
    "AsHeader",
    "BasicLogin",
    "ClientCredentials",
    "InBody",
    "InCookie",
    "InHeader",
    "LoginCall",
    "StaticToken",
    "TokenLogin",
]

CLIENT_CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "{login}",
    "client_secret": "{password}",
}


class ClientCredentials(TokenLogin):
    """OAuth 2 client credentials: login and password of the connection are client id and secret.

    The token goes into the header `header`, behind `prefix`. `lifetime` is the seconds that a token lives where
    the response does not say so; `barred` is that of a `TokenLogin`.
    """

    def __init__(
        self, path: str, *, header: str, prefix: str = "", lifetime: float = 5400.0, barred: int = 0
    ) -> None:
        call = LoginCall(path, form=CLIENT_CREDENTIALS)
        carried = AsHeader(header, f"{prefix}{{token}}")
        super().__init__(call, InBody(), carried, lifetime=lifetime, expires="expires_in", barred=barred)


class StaticToken:
    """A token that is valid until it is withdrawn: the password of the connection, in a header."""

    def __init__(self, header: str = "Authorization", *, prefix: str = "Bearer ") -> None:
        self._header, self._prefix = header, prefix

    def headers(self, session: Session) -> Mapping[str, str]:
        """The header that carries the token."""
        return {self._header: f"{self._prefix}{session.connection.password}"}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Nothing to forget: the session tries once more with the same token."""


class BasicLogin:
    """Login and password of the connection, sent with every call."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """The Authorization header."""
        return basic_header(session)

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Nothing to forget: the session tries once more with the same login."""
