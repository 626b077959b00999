"""Ids are derived, never drawn: the same input has the same id on every machine and every night."""

from hashlib import blake2b

from concord.contract import Window


def derive_id(*parts: object) -> str:
    """24 hexadecimal characters of a hash over the parts; the order of the parts counts."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def batch_id(system: str, resource: str, window: Window) -> str:
    """The id of the one batch that this window of this resource can have."""
    return derive_id("batch", system, resource, window)
