"""The session of a check: under the rate limit that all workers share, or alone where no warehouse runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from concord.contract import RateLimit, System
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.settings import Connection
from concord.stages.sessions import open_session
from concord.store.engine import Database

# A person waits for the answer: a server that does not respond is told sooner than at night.
RETRY_LIMITS = RetryLimits(attempts=2, longest_wait=10.0)


class _Pace:
    """Spreads the calls of this process as the rate limit of a system demands."""

    def __init__(self, limit: RateLimit) -> None:
        self._spacing, self._burst = 1 / limit.per_second, limit.burst
        self._next = time.monotonic() - self._spacing * limit.burst

    def wait(self) -> float:
        """Wait until a call may be made; returns the seconds waited."""
        now = time.monotonic()
        self._next = max(self._next, now - self._spacing * self._burst) + self._spacing
        seconds = max(0.0, self._next - now)
        time.sleep(seconds)
        return seconds


@contextmanager
def open_check(system: System, connection: Connection, database: Database | None) -> Iterator[HttpSession]:
    """A session for the length of a block; where there is a warehouse, its calls are recorded there."""
    if database is not None:
        with open_session(system, connection, database, purpose="check", reference="") as session:
            yield session.with_retry_limits(RETRY_LIMITS)
        return
    pace = _Pace(system.rate_limit)
    session = HttpSession(connection, system.auth, SessionSettings(system.rules, RETRY_LIMITS, pace.wait))
    try:
        yield session
    finally:
        session.close()
