"""How fast paginated JSON reaches the landing tables, beside the limit and beside dlt, in one run.

    .venv/bin/python -m benchmarks.reading --records 100000 --repeats 3

Each case runs in a fresh process, one after the other; the table shows medians, ratios and peak memory. dlt is
measured when its environment is there (see README.md in this folder).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg
import requests
from rich.console import Console
from rich.table import Table

from benchmarks.cases import TABLE
from benchmarks.plain import PLAIN, SIZE, records
from concord.local.postgres import Postgres
from concord.local.processes import Processes
from concord.store.engine import Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables
from sandbox import launch

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".concord" / "benchmarks" / "venv" / "bin" / "python"


@dataclass
class Case:
    """The seconds and the peak memory in MB of each run of one way to read."""

    name: str
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """The server that is read, the warehouse that is filled, and the file with the final bytes."""

    server: str
    warehouse: str
    folder: Path
    count: int

    def run(self, case: Case) -> None:
        self._empty()
        command = self._command(case.name)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{case.name} failed:\n{done.stderr[-2000:]}")
        measured = json.loads(done.stdout.strip().splitlines()[-1])
        case.seconds.append(measured["seconds"])
        case.peaks.append(measured["peak_mb"])
        self._check(case.name)

    def _command(self, name: str) -> list[str]:
        match name:
            case "copy":
                return [sys.executable, "-m", "benchmarks.cases", "copy", str(self.file), self.warehouse]
            case "concord":
                return [sys.executable, "-m", "benchmarks.cases", "concord", self.server, self.warehouse]
        mode, pages = name.removeprefix("dlt_"), str(-(-self.count // SIZE))
        script = str(ROOT / "benchmarks" / "peers" / "dlt_reading.py")
        return [str(PEERS), script, mode, self.server, pages, self.warehouse, str(self.folder / name)]

    @property
    def file(self) -> Path:
        """The final bytes: what COPY writes of the table that the product filled."""
        return self.folder / "final.copy"

    def keep_final_bytes(self) -> None:
        with (
            psycopg.connect(self.warehouse) as connection,
            connection.cursor() as cursor,
            self.file.open("wb") as target,
            cursor.copy(f"copy {TABLE} to stdout") as copy,
        ):
            for block in copy:
                target.write(block)

    def _empty(self) -> None:
        with psycopg.connect(self.warehouse, autocommit=True) as connection:
            connection.execute(f"truncate {TABLE}")
            connection.execute("delete from ops.batches")
            for schema in ("dlt_default", "dlt_fastest"):
                connection.execute(f"drop schema if exists {schema} cascade")
            connection.execute("checkpoint")

    def _check(self, name: str) -> None:
        table = f"{name}.records" if name.startswith("dlt") else TABLE
        with psycopg.connect(self.warehouse) as connection:
            row = connection.execute(f"select count(*) from {table}").fetchone()
        if row != (self.count,):
            raise SystemExit(f"{name} left {row} of {self.count} records")


@contextmanager
def prepared(count: int) -> Iterator[Bench]:
    """A fresh PostgreSQL with its default safety, and a server of that many records."""
    with tempfile.TemporaryDirectory(prefix="concord-benchmark-") as name:
        folder = Path(name)
        with Processes(folder, is_bound=True) as processes:
            postgres = Postgres(folder, processes, databases=["concord"])
            postgres.start()
            database = Database(postgres.url())
            migrate(database)
            create_tables(database, PLAIN, records)
            server = launch.start("plain", folder / "plain")
            try:
                requests.post(
                    f"{server.url}/__control/limits", json={"count": count}, timeout=600
                ).raise_for_status()
                yield Bench(server.url, postgres.url(), folder, count)
            finally:
                server.stop()


def show(cases: list[Case], count: int) -> None:
    """The medians, against the limit and against Concord."""
    by_name = {case.name: median(case.seconds) for case in cases}
    table = Table(title=f"{count:,} records, {SIZE:,} a page, {len(cases[0].seconds)} interleaved runs")
    for heading in ("case", "seconds", "records/s", "share of COPY's rate", "Concord is faster by", "peak MB"):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for case in cases:
        seconds = by_name[case.name]
        table.add_row(
            case.name,
            f"{seconds:.2f}",
            f"{count / seconds:,.0f}",
            f"{by_name['copy'] / seconds:.2f}",
            f"{seconds / by_name['concord']:.1f} x",
            f"{max(case.peaks):.0f}",
        )
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true", help="measure the limit and Concord only")
    options = parser.parse_args()
    names = ["copy", "concord"]
    if not options.without_peers and PEERS.exists():
        names += ["dlt_fastest", "dlt_default"]
    cases = [Case(name) for name in names]
    with prepared(options.records) as bench:
        bench.run(Case("concord"))
        bench.keep_final_bytes()
        for _ in range(options.repeats):
            for case in cases:
                bench.run(case)
    show(cases, options.records)


if __name__ == "__main__":
    main()
