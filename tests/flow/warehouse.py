"""The contents of a warehouse as plain values, by which two nights can be compared."""

from collections.abc import Collection
from typing import Any

import psycopg
from psycopg import sql

Dump = dict[str, list[tuple[Any, ...]]]

# Ours, and never the same twice: times, and transactions.
CLOCKS = frozenset(
    {"landed_at", "_landed_at", "judged_at", "finished_at", "since_at", "first_seen_at", "last_seen_at"}
    | {"begun_at", "completed_at", "closed_by", "written_by", "seen_until"}
)
# The vendors', moved by every write.
STAMPS = frozenset(
    {"updated_at", "changed_at", "lock_stamp", "template_stamp", "_modified_at", "_payload_hash", "_batch_id"}
)
_TABLES = """
select table_schema, table_name, array_agg(column_name::text order by ordinal_position)
from information_schema.columns
where (table_schema = any(%s) or table_schema || '.' || table_name = any(%s)) and not exists (
    select from pg_class where relispartition and oid = format('%%I.%%I', table_schema, table_name)::regclass
)
group by 1, 2
order by 1, 2
"""


def dump(url: str, *names: str, without: Collection[str] = ()) -> Dump:
    """The rows of these schemas and tables (`landing`, `ops.identities`) as texts, in an order of their own."""
    left_out = CLOCKS | set(without)
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        tables = connection.execute(_TABLES, (list(names), list(names))).fetchall()
        return {
            f"{schema}.{table}": _rows(
                connection, (schema, table), [name for name in columns if name not in left_out]
            )
            for schema, table, columns in tables
        }


def _rows(connection: psycopg.Connection[Any], place: tuple[str, str], columns: list[str]) -> list[Any]:
    selected = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
    query = sql.SQL("select {} from {}").format(selected, sql.Identifier(*place))
    return sorted(connection.execute(query).fetchall(), key=repr)


def count_rows(found: Dump) -> int:
    return sum(len(rows) for rows in found.values())
