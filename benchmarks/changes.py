"""What the changes of a night cost: planned, sent and read back, in CPU seconds of Python and of PostgreSQL.

    .venv/bin/python -m benchmarks.changes --changes 12500 50000

The vendor is a server in a process of its own, which answers at once. It is sent 200 changes in a call. PostgreSQL
has no autovacuum, so what was written a moment ago has no statistics but those that the steps make.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from benchmarks.servers import cpu_of_servers
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.stages.write_back.approve import approve
from concord.store.engine import TRANSFORMER, Database
from concord.store.migrate import migrate
from concord.testing.databases import open_folder
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare
from tests.store.shopfront_vendor import running_vendor
from tests.store.steps import Remote

AT_ONCE = 200  # changes in a call
WANTED = """
insert into marts.desired_shopfront__accounts (_entity_id, _key, _reason, phone, credit_amount)
select 'E-' || _key, _key, 'the owner says so', phone || '1', credit_amount + 1 from validated.shopfront__accounts;
analyze marts.desired_shopfront__accounts;
"""
Costs = dict[str, tuple[float, float]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--changes", type=int, nargs="+", default=[12_500, 50_000])
    given = options.parse_args()
    show({count: measure_night(count) for count in given.changes})


def measure_night(count: int) -> Costs:
    """CPU seconds of Python and of PostgreSQL by step, for a plan that changes each of `count` records."""
    with (
        open_folder() as home,
        Processes(home, is_bound=True) as processes,
        serving(count) as url,
        tempfile.TemporaryDirectory() as suites,
    ):
        server = Postgres(home, processes, settings=FORGETFUL, databases=["warehouse"])
        server.start()
        migrate(Database(server.url("warehouse")))
        vendor = cast("Any", Remote(url))
        trip = RoundTrip(server.url("warehouse"), vendor, Path(suites), declare(size=AT_ONCE)).prepare()
        trip.ingest()
        with trip.database.transaction(TRANSFORMER) as connection:
            connection.execute(WANTED)
        return measure_steps(trip)


def measure_steps(trip: RoundTrip) -> Costs:
    """The costs of planning, applying and verifying what the desired state asks for."""
    costs = {"plan": measure(trip.plan)}
    plan_id = str(trip.rows("select plan_id from ops.plans")[0][0])
    approve(trip.database, plan_id, "a person")
    costs["apply"] = measure(lambda: trip.apply(plan_id))
    costs["verify"] = measure(lambda: trip.verify(plan_id))
    return costs


def measure(step: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process and of PostgreSQL while the step runs."""
    began, of_server = time.process_time(), cpu_of_servers()
    step()
    spent = time.process_time() - began
    time.sleep(0.5)  # until the processes of the step's connections have ended
    return spent, cpu_of_servers() - of_server


@contextmanager
def serving(count: int, delay: float = 0.0) -> Iterator[str]:
    """The address of the vendor, who holds `count` accounts and answers a write after `delay` seconds.

    It is a process of its own.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(count, delay, theirs), daemon=True)
    process.start()
    try:
        yield str(ours.recv())
    finally:
        ours.send("end")
        process.join()


def serve(count: int, delay: float, pipe: Connection) -> None:
    """Serve the vendor's records until a word comes through the pipe."""
    with running_vendor() as vendor:
        vendor.delay = delay
        for number in range(count):
            values = {"name": f"Name {number}", "phone": f"+49 {number}", "credit": "10.00"}
            vendor.put("accounts", f"A-{number:06d}", values)
        pipe.send(vendor.url)
        pipe.recv()


def show(nights: dict[int, Costs]) -> None:
    table = Table("changes", "step", "Python CPU s", "PostgreSQL CPU s", "times the first")
    first = next(iter(nights.values()))
    for count, costs in nights.items():
        for step, (python, server) in costs.items():
            ratio = (python + server) / sum(first[step])
            table.add_row(f"{count:,}", step, f"{python:.1f}", f"{server:.1f}", f"{ratio:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
