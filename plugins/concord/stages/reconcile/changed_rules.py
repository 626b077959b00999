"""Rules files of which a change lets no more be worked on than the records that its changed rows are about.

What is said of any other rules file holds for all records: a change of one lets all of them be worked on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql

from concord.rules import read_rules
from concord.store.engine import LOADER, Connection, Database, fetch_texts
from concord.store.ledger.touched import touch_customers

# The columns in which a row names customer records: with its system, and with its key. Of the others no kept table
# is made.
NAMED: Mapping[str, Sequence[tuple[str, str]]] = {
    "identity_decisions": (("left_system", "left_key"), ("right_system", "right_key")),
    "discrepancy_owners": (),
    "approval_policy": (),
}
_CHANGED = """
with told as (
    select to_jsonb(rows) as told from jsonb_populate_recordset(null::{table}, %(rows)s::jsonb) as rows
),

held as (
    select to_jsonb(rows) as told from {table} as rows
)

(select told::text from told except all select told::text from held)
union all
(select told::text from held except all select told::text from told)
"""


def take_changed_rules(database: Database, rules: Sequence[str]) -> list[str]:
    """Let the records be worked on that changed rows of these files are about; returns the files that changed.

    A row that came or went counts as one that changed. The tables of the rules must be in the warehouse.
    """
    changed = []
    with database.transaction(LOADER) as connection:
        for rule in rules:
            if rows := list(_find_changed(connection, rule)):
                changed.append(rule)
                touch_customers(connection, _named(rows, rule))
    return changed


def _find_changed(connection: Connection, rule: str) -> Iterator[Mapping[str, Any]]:
    rows = [{name: value or None for name, value in row.items()} for row in read_rules(rule)]
    statement = sql.SQL(_CHANGED).format(table=sql.Identifier("marts", rule))
    yield from map(json.loads, fetch_texts(connection, statement, {"rows": json.dumps(rows)}))


def _named(rows: Sequence[Mapping[str, Any]], rule: str) -> list[tuple[str, str]]:
    return [(row[system], row[key]) for row in rows for system, key in NAMED[rule]]
