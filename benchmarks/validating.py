"""What Great Expectations costs beside one SQL statement with the same fifteen checks, and its peak memory.

    .venv/bin/python -m benchmarks.validating --rows 100000 --rows 1000000

Each case is a new process; the cases take turns. CPU seconds are those of Python, without the import of the
library, and of PostgreSQL.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.plain import PLAIN, records
from benchmarks.servers import cpu_of_servers
from concord.local.postgres import Postgres
from concord.local.processes import Processes
from concord.store.engine import Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables

ROOT = Path(__file__).parents[1]
CASES = ("statement", "check")
_LAND = """
insert into landing.plain__records (
    _batch_id, _row, _payload, source_id, name, email, currency, financial_status, fulfillment_status,
    total_price, subtotal_price, total_tax, created_at, updated_at, is_test, customer_email, customer_phone, lines
)
select
    %(batch)s, number, repeat('{"payload": 1}', 70), number::text, '#' || number,
    'buyer' || number || '@example.org', 'EUR',
    (array['paid', 'pending', 'refunded'])[1 + number %% 3], 'fulfilled', (number %% 500 + 20)::text,
    (number %% 500)::text, '19.00', '2026-11-01T10:00:00Z', '2026-11-02T10:00:00Z', 'false',
    'buyer' || number || '@example.org', '+49 30 ' || 1000000 + number, '[{"sku": "A-1", "quantity": 2}]'
from generate_series(1, %(rows)s) as number
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, action="append", help="may be given several times")
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    table = Table("rows", "case", "seconds", "Python CPU s", "PostgreSQL CPU s", "times the statement", "peak MB")
    with prepared() as url:
        for count in given.rows or [100_000, 1_000_000]:
            land(url, count)
            runs = [{name: run(name, str(count), url) for name in CASES} for _ in range(given.repeats)]
            show(table, count, runs)
    Console(width=110).print(table)


@contextmanager
def prepared() -> Iterator[str]:
    """A fresh PostgreSQL with its default safety and the table of the benchmarks' records."""
    with tempfile.TemporaryDirectory(prefix="concord-benchmark-") as name:
        folder = Path(name)
        with Processes(folder, is_bound=True) as processes:
            server = Postgres(folder, processes, databases=["concord"])
            server.start()
            migrate(Database(server.url()))
            create_tables(Database(server.url()), PLAIN, records)
            yield server.url()


def land(url: str, count: int) -> None:
    """A batch of that many sound records of about 1.3 kB, under their number as its id."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("truncate landing.plain__records")
        connection.execute(_LAND, {"batch": str(count), "rows": count})
        connection.execute("vacuum (freeze, analyze) landing.plain__records")
        connection.execute("checkpoint")


def run(name: str, batch_id: str, url: str) -> dict[str, float]:
    """Seconds, CPU seconds of Python and PostgreSQL, and the peak of memory of one case."""
    before = cpu_of_servers()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cases", name, batch_id, url],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "server_seconds": cpu_of_servers() - before}


def show(table: Table, count: int, runs: list[dict[str, dict[str, float]]]) -> None:
    """The medians of the cases for so many rows."""
    spent = {
        name: median(run[name]["cpu_seconds"] + run[name]["server_seconds"] for run in runs) for name in CASES
    }
    for name in CASES:
        of = {key: median(run[name][key] for run in runs) for key in runs[0][name]}
        table.add_row(
            f"{count:,}", name, f"{of['seconds']:.2f}", f"{of['cpu_seconds']:.2f}", f"{of['server_seconds']:.2f}",
            f"{spent[name] / spent['statement']:.2f}", f"{max(run[name]['peak_mb'] for run in runs):.0f}",
        )  # fmt: skip


if __name__ == "__main__":
    main()
