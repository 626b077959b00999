"""All that nights keep, so that two ways to build it can be compared."""

import psycopg
from psycopg import sql

from tests.dbt.conftest import Reconciliation

STAMPS = {"since_at", "closed_at"}
KEPT = (
    "int_customers__links",
    "int_orders__links",
    "int_wholesale__links",
    "int_fields__remembered",
    "int_agreement__patterns",
)
TABLES = """
select n.nspname, c.relname, array_agg(a.attname::text order by a.attnum)
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and (n.nspname = 'marts' or c.relname = any(%s)) or c.oid = 'ops.identities'::regclass
group by 1, 2 order by 1, 2
"""
Rows = dict[str, set[tuple[object, ...]]]


def kept_rows(business: Reconciliation) -> Rows:
    """All rows that nights keep, but the times at which discrepancies were seen."""
    found: Rows = {}
    with psycopg.connect(business.database.url) as connection:
        for schema, table, columns in connection.execute(TABLES, (list(KEPT),)).fetchall():
            shown = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns if name not in STAMPS]
            query = sql.SQL("select {} from {}{}").format(
                sql.SQL(", ").join(shown),
                sql.Identifier(schema, table),
                sql.SQL(" where closed_at is null" if "closed_at" in columns else ""),
            )
            found[table] = {*connection.execute(query).fetchall()}
    return found


def differing(one: Rows, other: Rows) -> dict[str, tuple[list[tuple[object, ...]], ...]]:
    """Of each table that is not the same, some rows that only the one or only the other has."""
    return {
        name: (sorted(one[name] - other[name], key=str)[:3], sorted(other[name] - one[name], key=str)[:3])
        for name in one
        if one[name] != other[name]
    }
