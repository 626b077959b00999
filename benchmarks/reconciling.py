"""What nights cost behind reading: the first ones, one in which nothing changed, one in which 1 % did.

    .venv/bin/python -m benchmarks.reconciling --customers 10000

A night reconciles, plans for each system, and builds what the report shows. In between, what was planned is put
into the validated records, as a write-back would leave them; that is not counted, nor is what autovacuum does
between nights. Each of the three is a fork of a process that has imported what tasks import, as Airflow's are. CPU
seconds are those of Python and of PostgreSQL's processes. The second night takes in what the first one wrote; the
last one builds everything again, as a change of rules would. With `--installed` PostgreSQL has the settings of an
installation and keeps its data on the disk, else those of the tests, in memory if there is room.
"""

import argparse
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.multiplied import load_customers
from benchmarks.servers import cpu_of_servers, watching_memory
from concord import registry
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.orchestration import preload
from concord.settings import Settings
from concord.stages.reconcile.build import build, build_again
from concord.stages.write_back.plan import plan_changes
from concord.store.engine import Database, fetch_value
from concord.store.migrate import migrate
from concord.store.tables import validated_table
from concord.testing.databases import open_folder
from tests.dbt.covered import cover_all
from tests.dbt.world_rows import prepare_tables

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
ONE_PERCENT, EVERYTHING = "1 % changed", "everything again"
NIGHTS = ("first", "second", "nothing changed", ONE_PERCENT, EVERYTHING)
PLAN = "plan"
_WRITTEN = """
update {table} as present set ({names}) = row ({values})
from ops.changes inner join ops.plans using (plan_id)
where plans.system = %s and changes.resource = %s and changes.state = 'planned'
    and changes.record_key = present._key
"""
_SUMMED = ("wall", "python", "server", "logged", "spilled", "nodes")
_MOST = ("peak", "held")
_SLOWEST = """
select run_id, node, seconds from (
    select run_id, split_part(node_id, '.', 1) || ' ' || split_part(node_id, '.', 3) as node, seconds,
        row_number() over (partition by run_id order by seconds desc) as place
    from ops.dbt_results
) as ranked where place <= %s order by run_id, place
"""

# One percent of the contacts, and the orders of one percent of the customers.
_CHANGED = (
    "update validated.salesforce__contacts set phone = '030 ' || hashtext(_key) where hashtext(_key) % 100 = 7",
    (
        "update validated.shopify__orders set total_amount = total_amount + 1 "
        "where hashtext(customer_source_id) % 100 = 7"
    ),
)


@dataclass(frozen=True)
class Measured:
    """What a task cost: seconds by the clock and of CPU, MB written, MB of memory, and nodes of dbt.

    `peak` is the most that its Python process held, `held` the most of all processes with PostgreSQL's.
    """

    task: str
    wall: float
    python: float
    server: float
    logged: float
    spilled: float
    peak: float
    held: float
    nodes: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=500)
    options.add_argument("--installed", action="store_true", help="PostgreSQL as an installation has it")
    options.add_argument("--nights", type=int, default=len(NIGHTS), help="how many of the nights")
    options.add_argument("--stages", action="store_true", help="a line for each task of a night")
    options.add_argument("--nodes", type=int, default=0, help="how many of the slowest nodes of dbt to show")
    given = options.parse_args()
    os.environ["CONCORD_SYSTEMS"] = "shopify,salesforce,tryton"
    with open_folder(on_disk=given.installed) as folder, Processes(folder, is_bound=True) as processes:
        server = Postgres(
            folder, processes, settings={} if given.installed else FORGETFUL, databases=["warehouse"]
        )
        server.start()
        settings = Settings(warehouse_url=server.url("warehouse"), home=folder, reports=folder)
        database = Database(settings.warehouse_url)
        migrate(database)
        prepare_tables(database)
        load_customers(database, given.customers, as_of=AS_OF)
        cover_all(database, registry.systems())
        preload._preload()  # noqa: SLF001  # as the scheduler does before it forks
        nights = []
        for night in NIGHTS[: given.nights]:
            nights.append((night, measure_night(settings, database, night)))
            tidy_up(settings.warehouse_url)
        show(nights, are_stages_shown=given.stages)
        Console().print(f"The warehouse has {count_held(database) / 1e6:,.0f} MB.")
        if given.nodes:
            show_nodes(database, given.nodes)


def measure_night(settings: Settings, database: Database, night: str) -> list[Measured]:
    """What the tasks of a night cost, with their sum."""
    if night == ONE_PERCENT:
        with database.transaction() as connection:
            for statement in _CHANGED:
                connection.execute(statement)
    measured = []
    for name, task in tasks(settings, database, night).items():
        measured.append(measure(name, task, database))
        if name == PLAN:
            write_planned(database)
    return [*measured, add_up(measured)]


def tidy_up(url: str) -> None:
    """Leave the warehouse as PostgreSQL itself does in the day after a night; that is not counted."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def write_planned(database: Database) -> None:
    """Let the validated records say what was planned, and the changes be confirmed; of creates only the latter."""
    with database.transaction() as connection:
        for system in registry.written_systems():
            for declared in (item for item in system.resources if item.writes):
                names = [sql.Identifier(field.name) for field in declared.fields]
                values = [sql.SQL("(jsonb_populate_record(present, after)).{}").format(name) for name in names]
                statement = sql.SQL(_WRITTEN).format(
                    table=validated_table(system, declared),
                    names=sql.SQL(", ").join(names),
                    values=sql.SQL(", ").join(values),
                )
                connection.execute(statement, (system.name, declared.name))
        connection.execute("update ops.changes set state = 'confirmed' where state = 'planned'")


def tasks(settings: Settings, database: Database, night: str) -> dict[str, Callable[[], int]]:
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

    return {"reconcile": reconcile, PLAN: plan, "report": report}


def measure(name: str, task: Callable[[], int], database: Database) -> Measured:
    """Run a task in a fork of this process, and say what it cost."""
    (logged, spilled), began = count_written(database), time.monotonic()
    receiver, sender = os.pipe()
    before, of_server = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_of_servers()
    with watching_memory() as held:
        child = os.fork()
        if child == 0:
            try:
                nodes = task()
                most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
                os.write(sender, f"{nodes} {most}".encode())
            except Exception:
                traceback.print_exc()
                raise
            finally:
                os._exit(0)
        os.close(sender)
        os.waitpid(child, 0)
    told = os.read(receiver, 50).decode().split()
    if not told:
        sys.exit(f"{name} failed.")
    nodes, most = told
    os.close(receiver)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    logged_after, spilled_after = count_written(database)
    return Measured(
        name,
        wall=time.monotonic() - began,
        python=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        server=cpu_of_servers() - of_server,
        logged=logged_after - logged,
        spilled=spilled_after - spilled,
        peak=float(most),
        held=held[0],
        nodes=int(nodes),
    )


def add_up(parts: list[Measured]) -> Measured:
    """The sum of what tasks cost, and the most memory that one of them held."""
    return Measured(
        "all",
        **{name: sum(getattr(part, name) for part in parts) for name in _SUMMED},
        **{name: max(getattr(part, name) for part in parts) for name in _MOST},
    )


def count_written(database: Database) -> tuple[float, float]:
    """MB that PostgreSQL has written so far: to its log of changes, and to temporary files."""
    with database.transaction() as connection:
        row = connection.execute(
            "select pg_current_wal_insert_lsn() - '0/0', sum(temp_bytes) from pg_stat_database"
        ).fetchone()
    logged, spilled = row or (0, 0)
    return float(str(logged)) / 1e6, float(str(spilled)) / 1e6


def count_held(database: Database) -> int:
    """Bytes of the warehouse."""
    with database.transaction() as connection:
        return int(fetch_value(connection, "select pg_database_size(current_database())"))


def show(nights: list[tuple[str, list[Measured]]], *, are_stages_shown: bool) -> None:
    """Print a line for each night, or for each of its tasks."""
    table = Table(
        "night", "task", "wall s", "Python CPU s", "PostgreSQL CPU s", "share of the first",
        "WAL MB", "spilled MB", "peak of Python MB", "memory in all MB", "nodes of dbt",
    )  # fmt: skip
    first = nights[0][1][-1]
    for night, tasks_of_night in nights:
        for item in tasks_of_night if are_stages_shown else tasks_of_night[-1:]:
            share = (item.python + item.server) / (first.python + first.server)
            numbers = (item.logged, item.spilled, item.peak, item.held, item.nodes)
            table.add_row(
                night, item.task, *(f"{value:.1f}" for value in (item.wall, item.python, item.server)),
                f"{share:.1%}", *(f"{value:,.0f}" for value in numbers),
            )  # fmt: skip
    Console(width=150).print(table)


def show_nodes(database: Database, count: int) -> None:
    """Print the nodes of dbt that took longest, each night."""
    table = Table("night", "node", "seconds")
    with database.transaction() as connection:
        for row in connection.execute(_SLOWEST, (count,)):
            table.add_row(*map(str, row))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
