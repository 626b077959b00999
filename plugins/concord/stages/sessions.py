"""Opens the session of a system for a stage, and books what it cost when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager

from concord.contract import System
from concord.http.client import HttpSession, Ways
from concord.http.patience import Patience, Statistics
from concord.settings import Connection
from concord.store.budgets import Budget
from concord.store.engine import LOADER, Database

_BOOK = (
    "insert into ops.api_calls (system, resource, purpose, reference_id, calls, retries, bytes_received, "
    "waited_seconds) values (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@contextmanager
def open_session(
    system: System,
    connection: Connection,
    database: Database,
    *,
    purpose: str,
    reference: str,
) -> Iterator[HttpSession]:
    """A session paced by the system's shared budget; its calls are booked under purpose and reference."""
    budget = Budget(database, system)
    ways = Ways(system.manners, Patience(), budget.wait_turn)
    session = HttpSession(connection, system.auth, ways)
    try:
        yield session
    finally:
        session.close()
        budget.close()
        _book(database, system, session.statistics, (purpose, reference))


def _book(database: Database, system: System, spent: Statistics, what: tuple[str, str]) -> None:
    if spent.calls == 0:
        return
    counts = (spent.calls, spent.retries, spent.bytes_received, round(spent.waited_seconds, 3))
    resource = what[1] if any(item.name == what[1] for item in system.resources) else ""
    with database.transaction(LOADER) as connection:
        connection.execute(_BOOK, (system.name, resource, *what, *counts))
