"""The vendors' clock: UTC in microseconds; no value comes twice, so that a stamp identifies a write."""

import time
from datetime import UTC, datetime
from email.utils import formatdate

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Gives the time in microseconds, each value once."""

    def __init__(self) -> None:
        self._last = 0
        self._behind = 0

    def tick(self) -> int:
        """Microseconds since the epoch, later than every earlier value."""
        self._last = max(self._last + 1, time.time_ns() // 1000 - self._behind)
        return self._last

    def put_back(self, seconds: float) -> None:
        """Let the clock be that many seconds behind the true time, ahead where negative; 0 sets it right."""
        self._behind = round(seconds * 1_000_000)
        self._last = 0

    @property
    def http_date(self) -> str:
        """What the clock shows, as the header `Date` says it."""
        return formatdate(time.time() - self._behind / 1_000_000, usegmt=True)


def to_datetime(micros: int) -> datetime:
    """A point in time, from microseconds since the epoch; a float would round them."""
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def to_micros(text: str) -> int:
    """Microseconds since the epoch, from any ISO 8601 stamp; one without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    span = moment - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
