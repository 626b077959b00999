"""What a step has just written is counted before it is joined, in the roles that steps have."""

import pytest
from psycopg import sql

from concord.errors import ConfigurationError
from concord.store.engine import LOADER, PLANNER, Database, fetch_value
from concord.store.statistics import refresh_statistics

KEYS = sql.Identifier("ops", "listed_keys")


def counted(database: Database) -> int:
    """How many listed keys PostgreSQL counted last."""
    with database.transaction() as connection:
        return int(
            fetch_value(connection, "select reltuples from pg_class where oid = 'ops.listed_keys'::regclass")
        )


def write(database: Database, count: int) -> None:
    """List so many keys, and refresh the statistics in the same transaction."""
    with database.transaction(LOADER) as connection:
        connection.execute(
            "insert into ops.batches (batch_id, system, resource, purpose, state) values "
            "('b', 's', 'r', 'sample', 'landed') on conflict do nothing"
        )
        connection.execute(
            "insert into ops.listed_keys select 'b', n::text from generate_series(1, %s) n", (count,)
        )
        refresh_statistics(connection, KEYS)


def test_rows_of_the_same_transaction_are_counted(database: str) -> None:
    write(Database(database), 1_000)
    assert counted(Database(database)) == 1_000


def test_a_table_is_counted_again_only_after_a_tenth_of_it_was_written(database: str) -> None:
    write(Database(database), 10_000)
    write(Database(database), 10_000)
    assert counted(Database(database)) == 20_000
    with Database(database).transaction(LOADER) as connection:
        refresh_statistics(connection, KEYS)  # now what was written twice is known to be counted
    write(Database(database), 500)
    assert counted(Database(database)) == 20_000


def test_no_table_of_the_models_is_analysed_by_it(database: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="no statistics are kept of"),
        Database(database).transaction(PLANNER) as connection,
    ):
        refresh_statistics(connection, sql.Identifier("pg_catalog", "pg_class"))
