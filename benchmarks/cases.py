"""One case of a benchmark in a process of its own; prints seconds, CPU seconds and peak memory as JSON.

python -m benchmarks.cases concord SERVER_URL WAREHOUSE_URL
python -m benchmarks.cases copy FILE WAREHOUSE_URL
python -m benchmarks.cases check BATCH_ID WAREHOUSE_URL
python -m benchmarks.cases statement BATCH_ID WAREHOUSE_URL
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import psycopg

from benchmarks.checks import SUITE, TYPED, as_one_statement
from benchmarks.plain import EVERYTHING, PLAIN, records
from concord.protocols.session.client import HttpSession
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
from concord.stages.validate import check
from concord.store.engine import Database

BLOCK = 1 << 20
TABLE = "landing.plain__records"


def read_with_concord(server: str, warehouse: str) -> None:
    """The product's own extract: pages into landing, with its batch and in one transaction."""
    session = HttpSession(Connection("plain_default", server), PLAIN.auth)
    try:
        extract_window(Database(warehouse), session, system=PLAIN, resource=records, window=EVERYTHING)
    finally:
        session.close()


def copy_file(path: str, warehouse: str) -> None:
    """The limit: PostgreSQL's COPY takes the same final bytes from a file, into the same table."""
    with (
        psycopg.connect(warehouse) as connection,
        connection.cursor() as cursor,
        Path(path).open("rb") as source,
        cursor.copy(f"copy {TABLE} from stdin") as copy,
    ):
        while block := source.read(BLOCK):
            copy.write(block)


def check_batch(batch_id: str, warehouse: str) -> None:
    """The product's own check of a batch by a suite that holds."""
    results = check.check_batch(Database(warehouse), relation=TYPED, batch_id=batch_id, suite=SUITE)
    if results != check.ExpectationResults():
        raise SystemExit(f"the suite does not hold: {results}")


def run_statement(batch_id: str, warehouse: str) -> None:
    """The limit: one SQL statement that counts what the same suite counts."""
    with psycopg.connect(warehouse) as connection:
        counts = connection.execute(as_one_statement(batch_id)).fetchone() or ()
    if not counts[0] or any(counts[1:]):
        raise SystemExit(f"the statement counts something else: {counts}")


CASES: dict[str, Callable[[str, str], None]] = {
    "concord": read_with_concord,
    "copy": copy_file,
    "check": check_batch,
    "statement": run_statement,
}
IMPORTED_BEFORE = {"check": "concord.stages.validate.library"}  # as the scheduler does before it forks tasks


def main() -> None:
    name, *arguments = sys.argv[1:]
    if name in IMPORTED_BEFORE:
        import_module(IMPORTED_BEFORE[name])
    started, cpu = time.perf_counter(), time.process_time()
    CASES[name](*arguments)
    measured = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
