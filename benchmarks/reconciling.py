"""What dbt costs in a small night, task by task, as its CPU seconds of Python and the number of its nodes.

    .venv/bin/python -m benchmarks.reconciling --customers 500

Each task is a fork of a process that has imported what tasks import, as Airflow's are. The second night is
measured, because the first one parses the project. PostgreSQL's CPU seconds are those of its processes. With
`--installed` it has the settings of an installation, else those of the tests.
"""

import argparse
import os
import resource
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from benchmarks.servers import cpu_of_servers
from concord import registry
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.orchestration import preload
from concord.settings import Settings
from concord.stages.reconcile.build import build, build_again
from concord.store.engine import Database, fetch_value
from concord.store.migrate import migrate
from concord.testing.databases import open_folder
from sandbox.world import generate
from tests.dbt.world_rows import load_world, prepare_tables

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=500)
    options.add_argument("--systems", default="shopify,salesforce,tryton")
    options.add_argument("--installed", action="store_true", help="PostgreSQL as an installation has it")
    given = options.parse_args()
    os.environ["CONCORD_SYSTEMS"] = given.systems
    with open_folder() as folder, Processes(folder, is_bound=True) as processes:
        server = Postgres(
            folder, processes, settings={} if given.installed else FORGETFUL, databases=["warehouse"]
        )
        server.start()
        settings = Settings(warehouse_url=server.url("warehouse"), home=folder, reports=folder)
        database = Database(settings.warehouse_url)
        migrate(database)
        prepare_tables(database)
        load_world(database, generate(7, as_of=AS_OF, customers=given.customers, orders=given.customers * 5))
        preload._preload()  # noqa: SLF001  # as the scheduler does before it forks
        for night in ("first", "second"):
            rows = [(name, *measure(task, database)) for name, task in tasks(settings, database, night)]
    show(rows)


def tasks(settings: Settings, database: Database, night: str) -> list[tuple[str, Callable[[], int]]]:
    """The tasks of reconcile and of the report that run dbt."""
    systems = registry.systems()

    def again() -> int:
        return build_again(settings, database, systems, run_id=night).nodes

    return [
        ("reconcile", lambda: build(settings, database, systems, run_id=night).nodes),
        ("report, nothing was written", again),
        ("report, something was written", lambda: record_read_back(database) or again()),
    ]


def record_read_back(database: Database) -> int:
    """Let the ledger say that a record was read back, as after a write; returns 0."""
    with database.transaction() as connection:
        connection.execute(
            "insert into ops.batches (batch_id, system, resource, purpose, state) "
            "values (gen_random_uuid(), 'shopify', 'customers', 'read_back', 'covered')"
        )
    return 0


def measure(task: Callable[[], int], database: Database) -> tuple[float, float, float, int]:
    """CPU seconds of Python and of PostgreSQL, MB of its log, and how many nodes of dbt succeeded."""
    logged = count_logged(database)
    receiver, sender = os.pipe()
    before, of_server = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_of_servers()
    child = os.fork()
    if child == 0:
        try:
            os.write(sender, str(task()).encode())
        finally:
            os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    count = os.read(receiver, 20).decode()
    os.close(receiver)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    of_server = cpu_of_servers() - of_server
    return spent, of_server, (count_logged(database) - logged) / 1e6, int(count)


def count_logged(database: Database) -> int:
    """The bytes that PostgreSQL has written to its log of changes so far."""
    with database.transaction() as connection:
        return int(fetch_value(connection, "select pg_current_wal_insert_lsn() - '0/0'"))


def show(rows: list[tuple[str, float, float, float, int]]) -> None:
    table = Table("task", "Python CPU s", "PostgreSQL CPU s", "WAL MB", "nodes of dbt")
    for name, python, server, logged, count in rows:
        table.add_row(name, f"{python:.1f}", f"{server:.1f}", f"{logged:.0f}", str(count or ""))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
