"""Small questions to the ledger: which run was the newest, whose plan this is, which dead letters are meant."""

from collections.abc import Sequence
from typing import LiteralString

from concord.contract import Resource, System
from concord.errors import ConfigurationError
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
_BEGINNING: LiteralString = """
select dead_letter_id, system, resource from ops.dead_letters
where starts_with(dead_letter_id, %s) order by dead_letter_id limit 2
"""
_ALL_OPEN: LiteralString = """
select dead_letter_id, system, resource from ops.dead_letters
where state = 'open' and (%(system)s::text is null or system = %(system)s)
order by system, resource, first_seen_at, dead_letter_id
"""
Chosen = dict[tuple[str, str], list[str]]


def last_reconciled_run(database: Database) -> str | None:
    """The run whose reconciliation is the newest; the report of its night carries its id."""
    return next(iter(_read_texts(database, _LAST_RUN)), None)


def system_of_plan(database: Database, plan_id: str) -> str | None:
    """The system a plan is for, None when there is no such plan."""
    return next(iter(_read_texts(database, _SYSTEM_OF_PLAN, plan_id)), None)


def open_dead_letters(database: Database, system: System, resource: Resource) -> list[str]:
    """The ids of the dead letters that nobody settled yet, oldest first."""
    return _read_texts(database, _OPEN_LETTERS, system.name, resource.name)


def find_letter(database: Database, prefix: str) -> tuple[str, str, str]:
    """The id, system and resource of the one dead letter whose id begins so."""
    with database.transaction(PLANNER) as connection:
        found = connection.execute(_BEGINNING, (prefix,)).fetchall()
    if len(found) > 1:
        raise ConfigurationError(f"More than one dead letter begins with {prefix!r}; give more of its id.")
    if not found:
        raise ConfigurationError(
            f"There is no dead letter {prefix!r}; ./concord dead-letters list --all shows those there are."
        )
    letter_id, system, resource = (str(part) for part in found[0])
    return letter_id, system, resource


def choose_letters(database: Database, named: Sequence[str], *, system: str | None) -> Chosen:
    """The ids of the letters that are meant, by system and resource; none named means all that are open."""
    if named:
        rows = list(dict.fromkeys(find_letter(database, prefix) for prefix in named))
    else:
        with database.transaction(PLANNER) as connection:
            found = connection.execute(_ALL_OPEN, {"system": system}).fetchall()
        rows = [(str(row[0]), str(row[1]), str(row[2])) for row in found]
    chosen: Chosen = {}
    for letter_id, owner, resource in rows:
        if system is not None and owner != system:
            raise ConfigurationError(f"Dead letter {letter_id} is of {owner}; do not ask for those of {system}.")
        chosen.setdefault((owner, resource), []).append(letter_id)
    return chosen


def _read_texts(database: Database, query: LiteralString, *values: str) -> list[str]:
    with database.transaction(PLANNER) as connection:
        return [str(row[0]) for row in connection.execute(query, values)]
