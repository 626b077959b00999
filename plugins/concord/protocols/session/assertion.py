"""A login by signature: the client signs a short-lived JWT with its private key, which is never sent.

https://datatracker.ietf.org/doc/html/rfc7523
"""

import time
from dataclasses import replace

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from concord.contract import Session
from concord.errors import AuthenticationError
from concord.protocols.session.auth import ClientCredentials
from concord.protocols.session.token_login import LoginCall

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SECONDS = 300


class SignedAssertion(ClientCredentials):
    """OAuth 2 client credentials with a signed assertion: client id as login, private key (PEM) as password.

    The connection's extra says `certificate_id` (which key it is), and where the defaults do not fit,
    `algorithm` (by the key: PS256 for RSA, ES256, ES384 or ES512 for a curve), `scope` and `audience` (the
    address of the token).
    """

    def __init__(self, path: str, *, scope: str, lifetime: float = 3600.0) -> None:
        super().__init__(path, header="Authorization", prefix="Bearer ", lifetime=lifetime)
        self._scope = scope

    def call_for(self, session: Session) -> LoginCall:
        """The grant with a fresh assertion."""
        grant = {"grant_type": "client_credentials", "client_assertion_type": _ASSERTION}
        return replace(self.call, form={**grant, "client_assertion": self._sign(session)})

    def _sign(self, session: Session) -> str:
        connection, now = session.connection, int(time.time())
        claims = {
            "iss": connection.login,
            "scope": session.option("scope", self._scope),
            "aud": session.option("audience", f"{connection.url}{self.call.path}"),
            "iat": now,
            "exp": now + _SECONDS,
        }
        headers = {"kid": session.option("certificate_id")}
        text = connection.password.replace("\\n", "\n")  # a form of one line keeps line ends like this
        try:
            key = load_pem_private_key(text.encode(), password=None)
            algorithm = session.option("algorithm", _algorithm_of(key))
            return jwt.encode(claims, text, algorithm=algorithm, headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm) as error:
            raise AuthenticationError(
                f'The password of connection "{connection.name}" is no private key (PEM) that fits; '
                "correct it, or the algorithm in the extra fields, in Airflow (Admin, Connections).",
                connection=connection.name,
            ) from error


def _algorithm_of(key: object) -> str:
    """The signature that suits the key."""
    if not isinstance(key, EllipticCurvePrivateKey):
        return "PS256"
    return {384: "ES384", 521: "ES512"}.get(key.curve.key_size, "ES256")
