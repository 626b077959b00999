"""Creates the old shop's database, fills it with its records of the world, and reads it as its owner."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from sandbox.world import World

TABLES: Mapping[str, str] = {"customers": "custmast", "inbox": "inbox"}
TIME_ZONE = "Europe/Berlin"
CONNECTIONS = 2
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Legacy:
    """A database: its owner's address, and the login that Concord gets, with at most two connections."""

    owner_url: str = field(repr=False)
    login: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address of the database, without a login."""
        parts = urlsplit(self.owner_url)
        return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{parts.port}", scheme="postgresql"))

    @property
    def extra(self) -> dict[str, str]:
        """The extra fields of the connection."""
        return {"time_zone": TIME_ZONE}

    def rows(self, resource: str) -> list[Row]:
        """All rows of the table of a resource, read by its owner."""
        with psycopg.connect(self.owner_url, row_factory=dict_row) as connection:
            return connection.execute(
                sql.SQL("select * from {}").format(sql.Identifier(TABLES[resource]))
            ).fetchall()


def create(server_url: str, *, name: str, password: str) -> Legacy:
    """Create an empty database of this name, and drop an earlier one; its owner is the login of `server_url`."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        database, login = sql.Identifier(name), sql.Identifier(f"{name}_guest")
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(database))
        connection.execute(sql.SQL("drop role if exists {}").format(login))
        connection.execute(sql.SQL("create database {}").format(database))
        guest = sql.SQL("create role {} login password {} connection limit {}")
        connection.execute(guest.format(login, sql.Literal(password), sql.Literal(CONNECTIONS)))
    made = Legacy(urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")), f"{name}_guest", password)
    with psycopg.connect(made.owner_url) as connection:
        connection.execute(sql.SQL((Path(__file__).with_name("schema.sql")).read_text(encoding="utf-8")))
        grant = sql.SQL("grant select, insert, update on {} to {}")
        for table in TABLES.values():
            connection.execute(grant.format(sql.Identifier(table), login))
    return made


def fill(legacy: Legacy, world: World) -> dict[str, int]:
    """Fill the tables with the old shop's records of the world; returns the number of rows by resource."""
    with psycopg.connect(legacy.owner_url) as connection:
        counts = {
            resource: _copy(connection, table, world.records("legacy_sql", resource))
            for resource, table in TABLES.items()
        }
        connection.execute("analyze")
    return counts


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterator[Row]) -> int:
    count = 0
    first = next(rows, None)
    if first is None:
        return count
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in first)
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in chain((first,), rows):
            copy.write_row(list(row.values()))
            count += 1
    return count
