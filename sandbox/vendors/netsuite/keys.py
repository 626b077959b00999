"""The key of the one integration: derived from a constant, so that the demo and the tests can sign with it."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CERTIFICATE_ID = "concord-sandbox"
_NUMBER = int.from_bytes(b"the sandbox guards nothing")


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_NUMBER, ec.SECP256R1())


def private_key() -> str:
    """The private key, as the integration holds it."""
    return _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_key() -> str:
    """The public half, as an administrator uploads it."""
    return _key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
