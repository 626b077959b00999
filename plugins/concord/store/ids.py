"""Ids are derived from content, never random: the same input has the same id on every machine and every night."""

from hashlib import blake2b

from psycopg import sql

from concord.contract import Window


def derive_id(*parts: object) -> str:
    """24 hexadecimal characters of a hash over the parts; the order of the parts counts, None is an empty part."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def id_expression(*parts: sql.Composable, length: int = 24) -> sql.Composed:
    """SQL for an id derived by PostgreSQL: `length` hexadecimal characters of a hash over the parts.

    The order of the parts counts; a part that is null is left out. A parameter among the parts needs a cast.
    The function is another one than that of `derive_id`, so the two give different ids for the same parts.
    """
    text = sql.SQL("left(encode(sha256(convert_to(concat_ws(chr(31), {}), 'utf8')), 'hex'), {})")
    return text.format(sql.SQL(", ").join(parts), sql.Literal(length))


def batch_id(system: str, resource: str, window: Window) -> str:
    """The id of the one batch that this window of this resource can have."""
    return derive_id("batch", system, resource, window)
