"""One case of the reading benchmark in a process of its own; prints its seconds and its peak memory as JSON.

python -m benchmarks.cases concord SERVER_URL WAREHOUSE_URL
python -m benchmarks.cases copy FILE WAREHOUSE_URL
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.plain import EVERYTHING, PLAIN, records
from concord.protocols.session.client import HttpSession
from concord.settings import Connection
from concord.stages.extract.read_window import extract_window
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


CASES: dict[str, Callable[[str, str], None]] = {"concord": read_with_concord, "copy": copy_file}


def main() -> None:
    name, *arguments = sys.argv[1:]
    started = time.perf_counter()
    CASES[name](*arguments)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main()
