"""Decides which systems may be written to: only those whose own data is that of the last night, and accepted."""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString

from concord.contract import System
from concord.monitoring.watch import unfit_resources
from concord.store.engine import PLANNER, Database

_LAST_RUN: LiteralString = (
    "select run_id from ops.agreement where phase = 'before' order by measured_at desc limit 1"
)
_SYSTEM_OF_PLAN: LiteralString = "select system from ops.plans where plan_id = %s"


def writable_systems(database: Database, systems: Iterable[System], as_of: datetime) -> dict[str, str | None]:
    """For each system None when it may be written to, else the sentence that says why not."""
    with database.transaction(PLANNER) as connection:
        unfit = unfit_resources(connection, systems, as_of)
    return {
        system: f"{system} is not written to: {'; '.join(reasons)}." if reasons else None
        for system, reasons in unfit.items()
    }


def last_reconciled_run(database: Database) -> str | None:
    """The run whose reconciliation is the newest; plans and the report of its night carry its id."""
    return _read_text(database, _LAST_RUN)


def system_of_plan(database: Database, plan_id: str) -> str | None:
    """The system a plan is for, None when there is no such plan."""
    return _read_text(database, _SYSTEM_OF_PLAN, plan_id)


def _read_text(database: Database, query: LiteralString, *values: str) -> str | None:
    with database.transaction(PLANNER) as connection:
        row = connection.execute(query, values).fetchone()
    return None if row is None else str(row[0])
