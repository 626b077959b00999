"""What a database tells of a login and its tables: what may be written, and what would be lost in writing.

PostgreSQL, MySQL and MariaDB can be asked; of another database nothing is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, column, literal_column, select, table

from concord.contract import Finding, Level, Resource, Session, System
from concord.protocols.sql.link import Link, open_link
from concord.protocols.sql.writes import GuardedUpdates, InboxInserts

_UNICODE = frozenset({"utf8", "utf8mb4"})


@dataclass(frozen=True, slots=True)
class _Written:
    """A table that is written, the columns of an update, and whether rows are added."""

    resource: Resource
    table: str
    columns: tuple[str, ...]
    adds_rows: bool


def _written(system: System) -> Iterator[_Written]:
    for resource in system.resources:
        match resource.writes and resource.writes.writer:
            case GuardedUpdates() as writer:
                names = resource.writes.update if resource.writes else ()
                columns = sorted({*(resource.field(name).parts[0] for name in names), *writer.marks})
                yield _Written(resource, writer.target.name, tuple(columns), adds_rows=False)
            case InboxInserts() as writer:
                yield _Written(resource, writer.target.name, (), adds_rows=True)


class DatabaseAccount:
    """Privileges on the tables that are written, the strictness of the server, and its character sets."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """The findings; none for a database that cannot be asked."""
        with open_link(session) as link:
            dialect = _DIALECTS.get(link.dialect)
            if dialect is None:
                return
            yield from dialect.find_settings(link, system)
            for written in _written(system):
                yield self._say_privileges(written, dialect.refused(link, written))

    def _say_privileges(self, written: _Written, refused: str) -> Finding:
        if refused:
            sentence = f"The login may not {refused} of {written.table}; let the administrator grant it."
            return Finding(Level.FAILS, "privileges", sentence, written.resource.name)
        sentence = f"The login may write {written.table} as Concord does."
        return Finding(Level.OK, "privileges", sentence, written.resource.name)


class _Postgres:
    def find_settings(self, link: Link, system: System) -> Iterator[Finding]:
        (row,) = link.read(_asked(encoding="current_setting('server_encoding')"))
        encoding = str(row["encoding"])
        if encoding.lower() in _UNICODE:
            yield Finding(Level.OK, "characters", f"The database keeps texts in {encoding}.")
            return
        sentence = (
            f"The database keeps texts in {encoding}: a change with a letter that this lacks is refused, and a "
            "text in another code page sets its record aside."
        )
        yield Finding(Level.NOTE, "characters", sentence)

    def refused(self, link: Link, written: _Written) -> str:
        """What the login may not do, in words; empty where it may do all."""
        name = _quoted(written.table)
        if written.adds_rows:
            (row,) = link.read(_asked(may=f"has_table_privilege(current_user, {name}, 'INSERT')"))
            return "" if row["may"] else "insert rows"
        asked = {
            item: f"has_column_privilege(current_user, {name}, {_quoted(item)}, 'UPDATE')"
            for item in written.columns
        }
        (row,) = link.read(_asked(**asked))
        closed = sorted(item for item, may in row.items() if not may)
        return f"update {', '.join(closed)}" if closed else ""


class _MySql:
    def find_settings(self, link: Link, system: System) -> Iterator[Finding]:
        (row,) = link.read(_asked(mode="@@global.sql_mode"))
        if "STRICT" in str(row["mode"]).upper():
            yield Finding(Level.OK, "strict mode", "The server refuses a value that it cannot keep whole.")
        else:
            sentence = (
                "The server is not strict: other programs' texts are cut and letters replaced without a word. "
                "Concord's own connections are strict; set sql_mode to STRICT_ALL_TABLES for the others."
            )
            yield Finding(Level.NOTE, "strict mode", sentence)
        for written in _written(system):
            yield from self._find_characters(link, written)

    def _find_characters(self, link: Link, written: _Written) -> Iterator[Finding]:
        """A note where the columns of a table lack letters, or its keys count as equal in another case."""
        schema, _, name = written.table.rpartition(".")
        of_table = f"table_name = {_quoted(name)} and table_schema = {_quoted(schema) if schema else 'database()'}"
        rows = link.read(
            _from_schema("columns", "column_name", "character_set_name", "collation_name").where(
                literal_column(of_table)
            )
        )
        told = {str(row["column_name"]): row for row in rows}
        sets = {str(row["character_set_name"]) for row in rows if row["character_set_name"]}
        if lacking := sorted(sets - {"utf8mb4"}):
            sentence = (
                f"Texts of {written.table} are kept in {', '.join(lacking)}: a change with a letter that this "
                "lacks is refused. Convert the table to utf8mb4, or correct such records by hand."
            )
            yield Finding(Level.NOTE, "characters", sentence, written.resource.name)
        key = told.get(written.resource.field(written.resource.key).parts[0])
        if key is not None and str(key["collation_name"]).endswith("_ci"):
            sentence = (
                f"Keys of {written.table} that differ by case only, as k1 and K1, are one key to the database; "
                "give their column a collation that ends in _bin."
            )
            yield Finding(Level.NOTE, "collation", sentence, written.resource.name)

    def refused(self, link: Link, written: _Written) -> str:
        """What the login may not do, in words; empty where it may do all."""
        schema, _, name = written.table.rpartition(".")
        wanted = "INSERT" if written.adds_rows else "UPDATE"
        of_schema = f"{_quoted(schema) if schema else 'database()'} like table_schema"
        found = [
            *self._grants(link, "user_privileges", wanted),
            *self._grants(link, "schema_privileges", wanted, of_schema),
            *self._grants(link, "table_privileges", wanted, of_schema, f"table_name = {_quoted(name)}"),
        ]
        if found:
            return ""
        if not written.adds_rows and (closed := self._closed(link, written, of_schema, name)):
            return f"update {', '.join(closed)}"
        return "insert rows" if written.adds_rows else ""

    def _closed(self, link: Link, written: _Written, of_schema: str, name: str) -> list[str]:
        of_table = f"{of_schema} and table_name = {_quoted(name)} and privilege_type = 'UPDATE'"
        rows = link.read(_from_schema("column_privileges", "column_name").where(literal_column(of_table)))
        return sorted(set(written.columns) - {str(row["column_name"]) for row in rows})

    def _grants(self, link: Link, name: str, wanted: str, *conditions: str) -> list[Mapping[str, object]]:
        chosen = _from_schema(name, "privilege_type").where(literal_column(f"privilege_type = '{wanted}'"))
        for condition in conditions:
            chosen = chosen.where(literal_column(condition))
        return list(link.read(chosen))


_DIALECTS: Mapping[str, _Postgres | _MySql] = {
    "postgresql": _Postgres(),
    "mysql": _MySql(),
    "mariadb": _MySql(),
}


def _asked(**expressions: str) -> "Select[Any]":
    """A query for these expressions by their names."""
    columns: list[Any] = [literal_column(text).label(name) for name, text in expressions.items()]
    return select(*columns)


def _from_schema(name: str, *columns: str) -> "Select[Any]":
    chosen: list[Any] = [column(item).label(item) for item in columns]
    return select(*chosen).select_from(table(name, schema="information_schema"))


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
