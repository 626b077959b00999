"""Lets dbt keep a connection for each of its threads, where it opens one for each node.

A fresh connection learns anew what PostgreSQL's catalog says of every table: as much work as a small model is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # it has no types
from psycopg2.extensions import TRANSACTION_STATUS_IDLE  # type: ignore[import-untyped]


@contextmanager
def keeping_connections() -> Iterator[None]:
    """While it lasts, dbt closes the connections of this process at the end of its command."""
    from dbt.adapters.postgres.connections import PostgresConnectionManager as Manager  # as in transform.py

    closing = Manager.release
    Manager.release = _keep
    try:
        yield
    finally:
        Manager.release = closing


def _keep(manager: Any) -> None:  # dbt's own type
    """Undo what a node has left open; a connection that fails at it is closed."""
    connection = manager.get_if_exists()
    if connection is None or connection.state != "open":
        return
    try:
        if connection.handle.info.transaction_status != TRANSACTION_STATUS_IDLE:
            _roll_back(connection)
    except psycopg2.Error:
        manager.close(connection)


def _roll_back(connection: Any) -> None:
    """End the transaction; the role, which dbt sets within the first one, goes with it."""
    connection.handle.rollback()
    connection.transaction_open = False
    with connection.handle.cursor() as cursor:
        cursor.execute(f"set role {connection.credentials.role}")
    connection.handle.commit()
