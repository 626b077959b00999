"""Decides which systems may be written to: those whose data was read last night and accepted."""

from collections.abc import Iterable
from datetime import datetime

from concord.contract import System
from concord.monitoring.watch import due_until, unfit_resources
from concord.settings import read_schedule
from concord.store.engine import PLANNER, Database


def refuse_half_read(database: Database, systems: Iterable[System], as_of: datetime) -> str | None:
    """Why nothing is written before all systems of a night were read; None when they were.

    None, too, from the hour on at which a night is reconciled with what there is.
    """
    schedule = read_schedule()
    due = schedule.newest_reading(as_of)
    if due == schedule.settled_reading(as_of):
        return None
    with database.transaction(PLANNER) as connection:
        unread = sorted(system for system, reasons in unfit_resources(connection, systems, due).items() if reasons)
    if not unread:
        return None
    return (
        f"{', '.join(unread)} was not read and accepted tonight so far, so nothing is written yet; the "
        f"reconcile at {schedule.reconcile_at:%H:%M} ({schedule.zone.key}) plans with what was read by then."
    )


def writable_systems(database: Database, systems: Iterable[System], as_of: datetime) -> dict[str, str | None]:
    """For each system, by name: None when it may be written to, else the reason why not, as a sentence."""
    with database.transaction(PLANNER) as connection:
        unfit = unfit_resources(connection, systems, due_until(as_of))
    return {
        system: f"{system} is not written to: {'; '.join(reasons)}." if reasons else None
        for system, reasons in unfit.items()
    }
