"""Brings a warehouse to the schema of this version: the numbered migrations that are missing, in order."""

from pathlib import Path

from concord.store.engine import Connection, Database, fetch_texts, fetch_value, lock_name

FOLDER = Path(__file__).with_name("migrations")


def migrate(database: Database) -> list[str]:
    """Apply the numbered files that are missing, one transaction in all; returns their names."""
    with database.transaction() as connection:
        lock_name(connection, "concord migrations")
        connection.execute(
            "create table if not exists public.concord_migrations "
            "(name text primary key, applied_at timestamptz not null default clock_timestamp())"
        )
        done = {row[0] for row in connection.execute("select name from public.concord_migrations")}
        missing = [path for path in sorted(FOLDER.glob("*.sql")) if path.name not in done]
        for path in missing:
            _apply(connection, path)
    return [path.name for path in missing]


def list_missing(database: Database) -> list[str]:
    """The names of the migrations that a warehouse lacks, in order."""
    with database.transaction() as connection:
        is_known = fetch_value(connection, "select to_regclass('public.concord_migrations')") is not None
        names = fetch_texts(connection, "select name from public.concord_migrations") if is_known else []
    return sorted({path.name for path in FOLDER.glob("*.sql")} - set(names))


def _apply(connection: Connection, path: Path) -> None:
    connection.execute(path.read_bytes())
    connection.execute("insert into public.concord_migrations (name) values (%s)", (path.name,))
