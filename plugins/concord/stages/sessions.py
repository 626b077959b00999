"""Opens the session of a system for a step, and records what its calls cost when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager

from concord.contract import System
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits, Statistics
from concord.settings import Connection
from concord.store.engine import LOADER, Database
from concord.store.rate_limits import SharedRateLimit

_RECORD = """
insert into ops.api_calls (
    system, resource, purpose, reference_id, calls, retries, bytes_received, waited_seconds
)
values (
    %(system)s, %(resource)s, %(purpose)s, %(reference)s, %(calls)s, %(retries)s, %(bytes_received)s,
    %(waited_seconds)s
)
"""


@contextmanager
def open_session(
    system: System,
    connection: Connection,
    database: Database,
    *,
    purpose: str,
    reference: str,
) -> Iterator[HttpSession]:
    """A session for the length of a block; its calls wait for the rate limit that all workers share.

    At the end the calls are recorded under the purpose (such as `extract` or `apply`) and the reference, which is
    the name of a resource or the id of a plan.
    """
    rate_limit = SharedRateLimit(database, system)
    settings = SessionSettings(system.rules, RetryLimits(), rate_limit.wait_for_rate_limit)
    session = HttpSession(connection, system.auth, settings)
    try:
        yield session
    finally:
        session.close()
        rate_limit.close()
        if session.statistics.calls:
            _record_calls(database, system, session.statistics, purpose=purpose, reference=reference)


def _record_calls(
    database: Database, system: System, statistics: Statistics, *, purpose: str, reference: str
) -> None:
    values = {
        "system": system.name,
        "resource": reference if any(item.name == reference for item in system.resources) else "",
        "purpose": purpose,
        "reference": reference,
        "calls": statistics.calls,
        "retries": statistics.retries,
        "bytes_received": statistics.bytes_received,
        "waited_seconds": round(statistics.waited_seconds, 3),
    }
    with database.transaction(LOADER) as connection:
        connection.execute(_RECORD, values)
