"""What nights cost behind reading: the first one, one in which nothing changed, one in which 1 % did.

    .venv/bin/python -m benchmarks.reconciling --customers 10000

A night reconciles, plans for each system, and builds what the report shows; nothing is written back. Each of the
three is a fork of a process that has imported what tasks import, as Airflow's are. CPU seconds are those of Python
and of PostgreSQL's processes. The last night builds everything again, as a change of rules would. With
`--installed` PostgreSQL has the settings of an installation, else those of the tests.
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
from concord.stages.write_back.plan import plan_changes
from concord.store.engine import Database, fetch_value
from concord.store.migrate import migrate
from concord.testing.databases import open_folder
from sandbox.world import generate
from tests.dbt.covered import cover_all
from tests.dbt.world_rows import load_world, prepare_tables

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
ONE_PERCENT, EVERYTHING = "1 % changed", "everything again"
NIGHTS = ("first", "nothing changed", ONE_PERCENT, EVERYTHING)


# One percent of the contacts, and the orders of one percent of the customers.
_CHANGED = (
    "update validated.salesforce__contacts set phone = '030 ' || hashtext(_key) where hashtext(_key) % 100 = 7",
    (
        "update validated.shopify__orders set total_amount = total_amount + 1 "
        "where hashtext(customer_source_id) % 100 = 7"
    ),
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=500)
    options.add_argument("--installed", action="store_true", help="PostgreSQL as an installation has it")
    given = options.parse_args()
    os.environ["CONCORD_SYSTEMS"] = "shopify,salesforce,tryton"
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
        cover_all(database, registry.systems())
        preload._preload()  # noqa: SLF001  # as the scheduler does before it forks
        show([(night, measure_night(settings, database, night)) for night in NIGHTS])


def measure_night(settings: Settings, database: Database, night: str) -> list[float]:
    """CPU seconds of Python and of PostgreSQL for the tasks of a night, MB of its log, and nodes of dbt built."""
    if night == ONE_PERCENT:
        with database.transaction() as connection:
            for statement in _CHANGED:
                connection.execute(statement)
    measured = [measure(task, database) for task in tasks(settings, database, night)]
    return [sum(column) for column in zip(*measured, strict=True)]


def tasks(settings: Settings, database: Database, night: str) -> list[Callable[[], int]]:
    """The tasks of a night, each of which says how many nodes of dbt it has built."""
    systems = registry.systems()

    def reconcile() -> int:
        is_full = night == EVERYTHING
        return build(settings, database, systems, run_id=night, is_full=is_full).nodes

    def plan() -> int:
        for system in registry.written_systems():
            plan_changes(database, system=system, run_id=night)
        return 0

    def report() -> int:
        return build_again(settings, database, systems, run_id=night).nodes

    return [reconcile, plan, report]


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


def show(rows: list[tuple[str, list[float]]]) -> None:
    table = Table("night", "Python CPU s", "PostgreSQL CPU s", "share of the first", "WAL MB", "nodes of dbt")
    first = sum(rows[0][1][:2])
    for name, (python, server, logged, count) in rows:
        share = f"{(python + server) / first:.1%}"
        table.add_row(name, f"{python:.1f}", f"{server:.1f}", share, f"{logged:.0f}", f"{count:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
