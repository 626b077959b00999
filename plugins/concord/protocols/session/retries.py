"""The one loop that tries a step again, the one loop that polls, and how many seconds both wait in between."""

import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from concord.errors import ConcordError, OutcomeUnknownError, TransientError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Backoff:
    """How many attempts are made, and the seconds between two of them.

    `first_wait` is the wait after the first attempt; each later one is `factor` times as long as the one before,
    up to `longest_wait`. `jitter` is the share of each wait that is left to chance, so that workers which failed
    together do not come back together.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    factor: float = 2.0
    jitter: float = 0.0

    def wait_after(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds to wait after the attempt of that number (from 1); a vendor's `retry_after` goes first."""
        if retry_after is not None:
            return min(retry_after, self.longest_wait)
        chance = random.uniform(1.0 - self.jitter, 1.0)  # noqa: S311  # no secret hangs on it
        return float(min(self.first_wait * self.factor ** (attempt - 1), self.longest_wait) * chance)


@dataclass(frozen=True, slots=True)
class RetryLimits(Backoff):
    """The limits of one HTTP call: attempts and waits, the seconds of one attempt, the bytes of a body.

    `longest_wait` also caps what a vendor's Retry-After header may ask for.
    """

    jitter: float = 0.5
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 180.0
    largest_body: int = 64 * 1024 * 1024
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


def is_transient(error: ConcordError) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(error, TransientError)


def retry(
    step: Callable[[], Result],
    backoff: Backoff,
    pause: Callable[[float], None],
    *,
    may_repeat: Callable[[ConcordError], bool] = is_transient,
    is_idempotent: bool = False,
) -> Result:
    """The result of the first attempt at `step` that succeeds; `pause` waits a number of seconds between two.

    An error is raised at once unless `may_repeat` says that another attempt may help; the error of the last
    attempt is raised in any case, and its fact `attempts` says how many there were. The fact `retry_after` of an
    error, in seconds, takes the place of the backoff's own wait.

    A write that may have arrived is never sent twice: an `OutcomeUnknownError` is raised at once, whatever
    `may_repeat` says. Only a step which the vendor recognises as the same one by an idempotency key
    (`is_idempotent`) is tried again after it, also if the vendor then fails for a time; where no later attempt
    succeeds or is refused, the unknown outcome is what is raised.
    """
    lost: OutcomeUnknownError | None = None
    for attempt in range(1, backoff.attempts + 1):
        try:
            return step()
        except ConcordError as error:
            if isinstance(error, OutcomeUnknownError):
                lost, repeats = error, is_idempotent
            else:
                repeats = may_repeat(error) or (lost is not None and is_transient(error))
            if attempt == backoff.attempts or not repeats:
                error.facts.setdefault("attempts", attempt)
                if lost is not None and is_transient(error):
                    raise lost from error
                raise
            pause(backoff.wait_after(attempt, _wish(error)))
    raise AssertionError("a step needs at least one attempt")


def poll(
    look: Callable[[], Result],
    is_over: Callable[[Result], bool],
    backoff: Backoff,
    pause: Callable[[float], None],
    *,
    known: Result | None = None,
) -> Result:
    """What `look` saw last: the first result that `is_over`, or that of the last of the backoff's attempts.

    The caller tells the two apart, and says what it means that something does not come to an end. `known` is what
    is known before the first look, which then comes after a wait and is the second attempt. The errors of `look`
    are raised as they are.
    """
    found = look() if known is None else known
    for attempt in range(1, backoff.attempts):
        if is_over(found):
            break
        pause(backoff.wait_after(attempt))
        found = look()
    return found


def _wish(error: ConcordError) -> float | None:
    seconds = error.facts.get("retry_after")
    return float(seconds) if isinstance(seconds, (int, float)) else None


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
