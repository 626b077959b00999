"""How large the warehouse gets in many nights, and whether its statements get slower.

    .venv/bin/python -m benchmarks.retention --nights 400 --customers 10000

A night is rows as the stages would write them, in the tables that grow each night, and then the retention step. It
reads a record for each customer and a tenth more in one batch, and nothing in 49 others, lists all keys and writes
to a hundredth of the customers. The statements are those of the next night and of the report.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.plain import PLAIN, records
from concord.local.postgres import FORGETFUL, Postgres
from concord.local.processes import Processes
from concord.reporting.queries import read_report
from concord.retention import Retention
from concord.stages.retention.drop_old import drop_old
from concord.store.engine import PLANNER, Connection, Database
from concord.store.ledger import batches
from concord.store.ledger.record_history import list_events
from concord.store.migrate import migrate
from concord.store.tables import create_tables
from concord.testing.databases import open_folder

BEGIN = datetime.now(UTC)
SHOWN = (30, 90, 120, 150, 200, 300, 400)
_NIGHT = (
    """
    insert into ops.batches (
        batch_id, system, resource, purpose, covered_window, state, received, validated, landed_at, finished_at
    )
    select md5(number || ' of ' || %(night)s), 'plain',
        case number when 1 then 'records' else 'resource ' || number end, 'window',
        tstzrange(%(at)s::timestamptz - interval '1 day', %(at)s), 'landed', 0, 0, %(at)s, %(at)s
    from generate_series(1, 50) as number
    """,
    """
    insert into landing.plain__records (_batch_id, _row, _payload, source_id, name, email, updated_at, _landed_at)
    select md5('1 of ' || %(night)s), number, repeat('{"payload": 1}', 70), number::text,
        'Buyer ' || number, 'buyer' || number || '@example.org', '2026-11-01T10:00:00Z', %(at)s
    from generate_series(1, %(records)s) as number
    """,
    """
    insert into ops.dispositions (batch_id, row_number, record_key, disposition, judged_at)
    select md5('1 of ' || %(night)s), number, number::text, 'validated', %(at)s
    from generate_series(1, %(records)s) as number
    """,
    """
    update ops.batches set state = 'covered',
        received = case resource when 'records' then %(records)s else 0 end,
        validated = case resource when 'records' then %(records)s else 0 end
    where landed_at = %(at)s
    """,
    "delete from ops.listed_keys",
    """
    insert into ops.listed_keys
    select md5('1 of ' || %(night)s), number::text from generate_series(1, %(customers)s) as number
    """,
    """
    insert into ops.plans (plan_id, system, purpose, run_id, state, created_at, finished_at)
    values ('plan ' || %(night)s, 'plain', 'write_back', 'night ' || %(night)s, 'approved', %(at)s, %(at)s)
    """,
    """
    insert into ops.changes (
        change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, reason, state,
        is_verified, ended_at
    )
    select md5('change ' || number || ' of ' || %(night)s), 'plan ' || %(night)s, number, 'records',
        'CUS-' || number, number::text, 'update', '{"email": "a@example.org"}', '{"email": "b@example.org"}',
        'the shop owns it', 'confirmed', true, %(at)s
    from generate_series(1, %(customers)s / 100) as number
    """,
    """
    insert into ops.journal (change_id, attempt, event, happened_at)
    select md5('change ' || number || ' of ' || %(night)s), 1, event, %(at)s
    from generate_series(1, %(customers)s / 100) as number
    cross join (values ('sent'), ('confirmed')) as of (event)
    """,
    """
    update ops.plans set state = 'applied', planned = %(customers)s / 100, confirmed = %(customers)s / 100
    where plan_id = 'plan ' || %(night)s
    """,
    """
    insert into ops.dead_letters (
        dead_letter_id, stage, system, resource, record_key, error_class, message, payload, state, first_seen_at,
        last_seen_at
    )
    select md5('letter ' || number || ' of ' || %(night)s), 'validate', 'plain', 'records', number::text, 'Error',
        'price is below 0', repeat('{"payload": 1}', 70), case number when 1 then 'open' else 'resolved' end,
        %(at)s, %(at)s
    from generate_series(1, 20) as number
    """,
    """
    insert into ops.agreement (
        run_id, phase, entity, field, left_system, right_system, compared, agreed, measured_at
    )
    select 'night ' || %(night)s, phase, 'customer', 'field ' || number, 'a', 'b', 1000, 999, %(at)s
    from generate_series(1, 100) as number cross join (values ('before'), ('after')) as of (phase)
    """,
    """
    insert into ops.dbt_results (run_id, node_id, state, seconds, finished_at)
    select 'night ' || %(night)s, 'model.' || number, 'success', 0.1, %(at)s from generate_series(1, 300) as number
    """,
    """
    insert into ops.api_calls (
        system, resource, purpose, reference_id, calls, retries, bytes_received, waited_seconds, happened_at
    )
    select 'plain', 'records', 'extract', number::text, 10, 0, 1000000, 0, %(at)s
    from generate_series(1, 100) as number
    """,
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--nights", type=int, default=400)
    options.add_argument("--customers", type=int, default=10_000)
    given = options.parse_args()
    table = Table("nights", "warehouse MB", "retention s", *(f"{name} ms" for name in STATEMENTS))
    with open_folder() as folder, Processes(folder, is_bound=True) as processes:
        server = Postgres(folder, processes, settings={**FORGETFUL, "autovacuum": "on"}, databases=["concord"])
        server.start()
        database = Database(server.url())
        migrate(database)
        create_tables(database, PLAIN, records)
        for night, seconds in run_nights(database, folder, given.nights, given.customers):
            if night in SHOWN or night == given.nights:
                table.add_row(str(night), *measure(database, night, seconds))
    Console(width=130).print(table)


def run_nights(database: Database, reports: Path, nights: int, customers: int) -> Iterator[tuple[int, float]]:
    """Write night after night; yields each number with the seconds that the retention step took after it."""
    for night in range(1, nights + 1):
        at = BEGIN + timedelta(days=night)
        values = {"night": night, "at": at, "customers": customers, "records": customers + customers // 10}
        with psycopg.connect(database.url) as connection:
            for statement in _NIGHT:
                connection.execute(statement, values)
        started = time.perf_counter()
        drop_old(database, reports, Retention(), now=at)
        yield night, time.perf_counter() - started


def measure(database: Database, night: int, seconds: float) -> Iterator[str]:
    """The size of the warehouse, and the milliseconds of each statement, medians of 5."""
    with psycopg.connect(database.url) as connection:
        row = connection.execute("select pg_database_size(current_database())").fetchone() or (0,)
    yield f"{row[0] / 1e6:,.0f}"
    yield f"{seconds:.2f}"
    for statement in STATEMENTS.values():
        yield f"{1000 * median(time_of(statement, database, night) for _ in range(5)):.1f}"


def time_of(statement: Callable[[Database, int], object], database: Database, night: int) -> float:
    started = time.perf_counter()
    statement(database, night)
    return time.perf_counter() - started


def _ask(database: Database, of: Callable[[Connection], object]) -> None:
    with database.transaction(PLANNER) as connection:
        of(connection)


def _read_batch(database: Database, night: int) -> None:
    query = "select count(_payload_hash) from landing.plain__records__typed where _batch_id = md5('1 of ' || %s)"
    _ask(database, lambda connection: connection.execute(query, (night,)).fetchone())


STATEMENTS: Mapping[str, Callable[[Database, int], object]] = {
    "read a batch": _read_batch,
    "find the window": lambda database, night: _ask(
        database,
        lambda connection: batches.find_covered_until(
            connection, PLAIN, records, start=BEGIN, before=BEGIN + timedelta(days=night + 1)
        ),
    ),
    "trace": lambda database, night: _ask(database, lambda connection: list_events(connection, PLAIN, "7")),
    "report": lambda database, night: read_report(database),
}


if __name__ == "__main__":
    main()
