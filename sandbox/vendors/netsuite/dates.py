"""Times as the database holds them: marked texts in the account's zone, in an order that sorts.

A mark in front keeps them apart from plain text, so that a response can write them in the account's format.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

LOCAL, ZONED = "\x01", "\x02"
_STORED = "%Y-%m-%d %H:%M:%S"
_WORDS = (("YYYY", "%Y"), ("HH24", "%H"), ("MM", "%m"), ("DD", "%d"), ("MI", "%M"), ("SS", "%S"))
_QUOTED = re.compile(r'"([^"]*)"')


class OracleError(ValueError):
    """The database refuses a value or a format."""


@lru_cache(maxsize=200_000)
def to_local(stamp: str | None, zone: str) -> str | None:
    """A stored UTC stamp in the account's time zone."""
    if not stamp:
        return None
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone))
    return f"{LOCAL}{moment:{_STORED}}"


@lru_cache(maxsize=1000)
def _format_of(words: str) -> str:
    parts = _QUOTED.split(words)
    for place in range(0, len(parts), 2):
        for word, sign in _WORDS:
            parts[place] = parts[place].replace(word, sign)
    return "".join(parts)


@lru_cache(maxsize=1000)
def _template_of(words: str) -> str:
    """The format with a place for each part of a stored time, which is quicker than strftime."""
    places = {"%Y": "{0}", "%m": "{1}", "%d": "{2}", "%H": "{3}", "%M": "{4}", "%S": "{5}"}
    return re.sub("%[YmdHMS]", lambda found: places[found.group()], _format_of(words))


@lru_cache(maxsize=200_000)
def to_char(value: object, words: str | None = None) -> str | None:
    """TO_CHAR of a time by the words of a format, or of anything else."""
    if value is None:
        return None
    text = str(value)
    if words is None or not text.startswith(LOCAL):
        return text.lstrip(LOCAL)
    return _template_of(words).format(text[1:5], text[6:8], text[9:11], text[12:14], text[15:17], text[18:20])


@lru_cache(maxsize=200_000)
def to_timestamp(text: str | None, words: str) -> str | None:
    """TO_TIMESTAMP and TO_DATE."""
    if text is None:
        return None
    try:
        if _format_of(words) == _STORED:
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, _format_of(words))  # noqa: DTZ007 # local by intent
    except ValueError as wrong:
        raise OracleError("ORA-01861: literal does not match format string") from wrong
    return f"{LOCAL}{moment:{_STORED}}"


@lru_cache(maxsize=200_000)
def from_tz(value: str | None, zone: str) -> str | None:
    """FROM_TZ; of an hour that comes twice the second one is taken."""
    if value is None:
        return None
    try:
        known = ZoneInfo(zone)
    except (ValueError, KeyError) as wrong:
        raise OracleError("ORA-01882: timezone region not found") from wrong
    moment = datetime.fromisoformat(value[1:]).replace(tzinfo=known, fold=1)
    return f"{ZONED}{moment.astimezone(UTC):{_STORED}}"


def sys_extract_utc(value: str | None) -> str | None:
    """SYS_EXTRACT_UTC; it needs a time with a zone."""
    if value is not None and not value.startswith(ZONED):
        raise OracleError("ORA-30175: invalid type given for an argument")
    return None if value is None else LOCAL + value[1:]


def as_the_account_writes(value: str, date_format: str) -> str:
    """A time without a format as a response shows it: only the day, without leading zeros."""
    day = datetime.strptime(value[1:11], "%Y-%m-%d")  # noqa: DTZ007 # a day has no zone
    parts = {"YYYY": str(day.year), "MM": str(day.month), "DD": str(day.day)}
    return re.sub("YYYY|MM|DD", lambda found: parts[found.group()], date_format)
