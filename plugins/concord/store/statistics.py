"""Statistics of what a step has just written, before it is joined.

PostgreSQL chooses how to join tables by what it counted in them. Autovacuum counts a minute later, and never sees
rows that are not committed. Without a count it may compare each row with each; 40,000 records then take minutes.
"""

from psycopg import sql

from concord.store.engine import Connection


def refresh_statistics(connection: Connection, table: sql.Identifier) -> None:
    """Analyse a table of the warehouse if more than a tenth of its rows were written since the last time.

    The rows of the own transaction count. Another transaction that does the same waits for the end of this one.
    """
    connection.execute("select ops.refresh_statistics(%s::regclass)", (table.as_string(connection),))
