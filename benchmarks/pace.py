"""How near a write-back comes to the pace that its vendor allows.

    .venv/bin/python -m benchmarks.pace

Each change is a call of its own. The vendor answers after a delay and allows so many calls a second, of which so
many may be under way at once; these are the limits that Concord declares for Shopify, HubSpot and Stripe. A share
of 1 is the time that the calls need at the allowed pace.
"""

import argparse
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from benchmarks.changes import WANTED, serving
from concord.contract import RateLimit
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.protocols.session.client import HttpSession
from concord.settings import Connection
from concord.stages.sessions import open_session
from concord.stages.write_back.approve import approve
from concord.store.engine import TRANSFORMER, Database
from concord.store.migrate import migrate
from concord.testing.databases import open_folder
from tests.store.round_trip import RoundTrip
from tests.store.shopfront import declare
from tests.store.steps import Remote


@dataclass(frozen=True)
class Case:
    """A vendor: its limit, and the seconds after which it answers."""

    name: str
    limit: RateLimit
    delay: float


CASES = (
    Case("10 calls/s, 4 at once", RateLimit(per_second=10, burst=20, concurrency=4), 0.25),
    Case("4 calls/s, 2 at once", RateLimit(per_second=4, burst=4, concurrency=2), 0.25),
    Case("20 calls/s, 4 at once", RateLimit(per_second=20, burst=20, concurrency=4), 0.1),
)


class _Paced(RoundTrip):
    """Nights whose sessions wait for the limit, as those of an installation do."""

    def open(self) -> AbstractContextManager[HttpSession]:
        connection = Connection("shopfront_default", self.vendor.url)
        return open_session(self.system, connection, self.database, purpose="apply", reference="accounts")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=30, help="at the allowed pace")
    given = options.parse_args()
    table = Table("vendor", "answers after s", "calls", "allowed s", "taken s", "share of the pace")
    for case in CASES:
        count = round(case.limit.per_second * given.seconds + case.limit.burst)
        taken = measure(case, count)
        share = f"{given.seconds / taken:.2f}"
        table.add_row(case.name, f"{case.delay}", str(count), str(given.seconds), f"{taken:.1f}", share)
    Console(width=100).print(table)


def measure(case: Case, count: int) -> float:
    """Seconds for as many calls, from the start of apply to its end."""
    with (
        open_folder() as home,
        Processes(home, is_bound=True) as processes,
        serving(count, case.delay) as url,
        tempfile.TemporaryDirectory() as suites,
    ):
        server = Postgres(home, processes, settings=FORGETFUL, databases=["warehouse"])
        server.start()
        migrate(Database(server.url("warehouse")))
        system = replace(declare(size=1), rate_limit=case.limit)
        trip = _Paced(server.url("warehouse"), cast("Any", Remote(url)), Path(suites), system).prepare()
        trip.ingest()
        with trip.database.transaction(TRANSFORMER) as connection:
            connection.execute(WANTED)
        trip.plan()
        plan_id = str(trip.rows("select plan_id from ops.plans")[0][0])
        approve(trip.database, plan_id, "a person")
        time.sleep(case.limit.burst / case.limit.per_second)  # the burst that reading has used is there again
        began = time.monotonic()
        trip.apply(plan_id)
        return time.monotonic() - began


if __name__ == "__main__":
    main()
