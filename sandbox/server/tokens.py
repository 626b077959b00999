"""Access tokens of the client-credentials grant: issued, expiring, revocable, and kept across restarts."""

import hmac
import os
import secrets
import time

from sandbox.server.store import Store

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the sandbox guards nothing
_TOPIC = "token"


def expected_client() -> tuple[str, str]:
    """The one client that may log in."""
    return os.environ.get("SANDBOX_CLIENT_ID", CLIENT_ID), os.environ.get("SANDBOX_CLIENT_SECRET", CLIENT_SECRET)


def is_client(client_id: str, secret: str) -> bool:
    """Whether these are the client's credentials."""
    known = expected_client()
    return hmac.compare_digest(client_id.encode(), known[0].encode()) and hmac.compare_digest(
        secret.encode(), known[1].encode()
    )


class Tokens:
    """The tokens one vendor has given out."""

    def __init__(self, store: Store, *, prefix: str, lifetime: float) -> None:
        self._store, self._prefix, self.lifetime = store, prefix, lifetime
        self._known: dict[str, float] = {}

    def issue(self) -> str:
        """A new token."""
        token = self._prefix + secrets.token_hex(16)
        self._keep(token, time.time() + self.lifetime)
        return token

    def is_valid(self, token: str | None) -> bool:
        """Whether the token was issued here and has not expired."""
        if not token:
            return False
        expires = self._known.get(token)
        if expires is None:
            expires = float(self._store.noted(_TOPIC, token) or 0)
            self._known[token] = expires
        return time.time() < expires

    def expire(self, token: str | None) -> None:
        """Ends one token now."""
        if token:
            self._keep(token, 0.0)

    def expire_all(self) -> None:
        """End every token now, as a change of the app's secret does."""
        self._store.forget_notes(_TOPIC)
        self._known.clear()

    def _keep(self, token: str, expires: float) -> None:
        self._store.note(_TOPIC, token, expires)
        self._known[token] = expires
