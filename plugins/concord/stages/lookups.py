"""Small questions to the ledger: which run was the newest, whose plan this is, which dead letters are open."""

from typing import LiteralString

from concord.contract import Resource, System
from concord.store.engine import PLANNER, Database

_LAST_RUN: LiteralString = (
    "select run_id from ops.agreement where phase = 'before' order by measured_at desc limit 1"
)
_SYSTEM_OF_PLAN: LiteralString = "select system from ops.plans where plan_id = %s"
_OPEN_LETTERS: LiteralString = """
select dead_letter_id from ops.dead_letters
where state = 'open' and system = %s and resource = %s
order by first_seen_at, dead_letter_id
"""


def last_reconciled_run(database: Database) -> str | None:
    """The run whose reconciliation is the newest; the report of its night carries its id."""
    return next(iter(_read_texts(database, _LAST_RUN)), None)


def system_of_plan(database: Database, plan_id: str) -> str | None:
    """The system a plan is for, None when there is no such plan."""
    return next(iter(_read_texts(database, _SYSTEM_OF_PLAN, plan_id)), None)


def open_dead_letters(database: Database, system: System, resource: Resource) -> list[str]:
    """The ids of the dead letters that nobody settled yet, oldest first."""
    return _read_texts(database, _OPEN_LETTERS, system.name, resource.name)


def _read_texts(database: Database, query: LiteralString, *values: str) -> list[str]:
    with database.transaction(PLANNER) as connection:
        return [str(row[0]) for row in connection.execute(query, values)]
