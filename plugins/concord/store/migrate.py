"""Brings a warehouse from whatever it is to what this version needs, in order, each step once."""

from pathlib import Path

from concord.store.engine import Connection, Database

FOLDER = Path(__file__).with_name("migrations")


def migrate(database: Database) -> list[str]:
    """Apply the numbered files that are missing, one transaction in all; returns their names."""
    with database.transaction() as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('concord migrations', 0))")
        connection.execute(
            "create table if not exists public.concord_migrations "
            "(name text primary key, applied_at timestamptz not null default clock_timestamp())"
        )
        done = {row[0] for row in connection.execute("select name from public.concord_migrations")}
        missing = [path for path in sorted(FOLDER.glob("*.sql")) if path.name not in done]
        for path in missing:
            _apply(connection, path)
    return [path.name for path in missing]


def _apply(connection: Connection, path: Path) -> None:
    connection.execute(path.read_bytes())
    connection.execute("insert into public.concord_migrations (name) values (%s)", (path.name,))
