"""Decides which systems may be written to: only those whose own data is that of the last night, and accepted."""

from collections.abc import Iterable
from datetime import datetime

from concord.contract import System
from concord.monitoring.watch import unfit_resources
from concord.store.engine import PLANNER, Database


def writable_systems(database: Database, systems: Iterable[System], as_of: datetime) -> dict[str, str | None]:
    """For each system None when it may be written to, else the sentence that says why not."""
    with database.transaction(PLANNER) as connection:
        unfit = unfit_resources(connection, systems, as_of)
    return {
        system: f"{system} is not written to: {'; '.join(reasons)}." if reasons else None
        for system, reasons in unfit.items()
    }
