"""The vendors' clock: real UTC, yet no two readings alike, so that a stamp identifies a write."""

import time
from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Counts real microseconds and never hands out the same one twice."""

    def __init__(self) -> None:
        self._last = 0

    def tick(self) -> int:
        """Microseconds since the epoch, later than every earlier answer."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last


def to_datetime(micros: int) -> datetime:
    """Integer arithmetic only: a float would round the microseconds away."""
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def to_micros(text: str) -> int:
    """Reads any ISO 8601 stamp; one without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    span = moment - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
