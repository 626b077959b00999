"""How long a session waits, and for what: the seconds between attempts and the bounds on one of them."""

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """The bounds of a call; `longest_wait` also caps what a vendor's Retry-After may ask for."""

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 180.0
    largest_body: int = 64 * 1024 * 1024
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def wait_before(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before the attempt of that number: the vendor's wish, or doubling with jitter."""
        if retry_after is not None:
            return min(retry_after, self.longest_wait)
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  # no secret hangs on it
        return float(min(self.first_wait * 2 ** (attempt - 2), self.longest_wait) * jitter)


def read_retry_after(headers: Mapping[str, str], now: Callable[[], datetime] | None = None) -> float | None:
    """The seconds a Retry-After header asks for, as a number or a date; None when absent or nonsense."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, (now or _utc_now)())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Statistics:
    """What a session cost so far; safe to add to from several threads."""

    calls: int = 0
    retries: int = 0
    bytes_received: int = 0
    waited_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, calls: int = 0, retries: int = 0, received: int = 0, waited: float = 0.0) -> None:
        """Add to the counts."""
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.bytes_received += received
            self.waited_seconds += waited
