"""What ./concord status shows."""

from datetime import datetime
from typing import LiteralString

from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.context import find_running
from concord.local.installation import Status, read_status
from concord.reporting.needs import list_needs
from concord.reporting.queries import read_report
from concord.reporting.words import say_age, say_share, say_things, say_time
from concord.store.engine import PLANNER, Database

_COVERAGE: LiteralString = "select system, resource, upper(covered) as covered_until from ops.coverage"


def show_status(console: Console) -> None:
    """What runs, how far each system was read, what waits."""
    home = find_running()
    status = read_status(home)
    if not status.running:
        console.print(f"Nothing runs from {home}. Start it with ./concord up, or see it all in ./concord demo.")
        return
    _show_processes(console, status)
    if "warehouse_url" in status.facts:
        _show_warehouse(console, Database(status.facts["warehouse_url"]))


def _show_processes(console: Console, status: Status) -> None:
    console.print(f"Running   {', '.join(status.running)}", markup=False)
    if status.missing:
        console.print(
            f"Missing   {', '.join(status.missing)}; restart with ./concord down, ./concord up", style="red"
        )
    facts = status.facts
    if "airflow_url" in facts:
        login = f"user {facts['airflow_user']}, password {facts['airflow_password']}"
        console.print(f"Airflow   {facts['airflow_url']}   {login}", markup=False)


def _show_warehouse(console: Console, database: Database) -> None:
    report = read_report(database)
    share = report.after or report.before
    console.print(f"Agreement {say_share(share) if share else 'not measured yet'}\n")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in ("system", "resource", "read up to (UTC)", "age", "gaps"):
        table.add_column(column)
    gaps = [(gap.system, gap.resource) for gap in report.gaps]
    covered = read_coverage(database)
    for system in registry.systems():
        for resource in system.resources:
            name = (system.name, resource.name)
            until = covered.get(name)
            missing = gaps.count(name)
            table.add_row(*name, say_time(until), say_age(until, report.made_at), str(missing) if missing else "")
    console.print(table)
    needs = list_needs(report)
    console.print(
        "\nNothing waits for a person." if not needs else f"\n{say_things(len(needs), 'matter')} for a person:"
    )
    for need in needs:
        console.print(f"  ! {need.what}\n    {need.action}", markup=False)


def read_coverage(database: Database) -> dict[tuple[str, str], datetime]:
    """Up to when each resource was read."""
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_COVERAGE).fetchall()
    return {(row["system"], row["resource"]): row["covered_until"] for row in rows}
