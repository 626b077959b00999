"""Shows what runs, how far each system was read, and what waits for a person."""

from dataclasses import asdict
from datetime import datetime
from typing import LiteralString

from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.context import find_running, find_warehouse, open_airflow
from concord.cli.night_stages import NightSystems
from concord.dag_ids import BACKFILL
from concord.errors import ConcordError
from concord.installed import COMMAND
from concord.local.installation import Status, read_status
from concord.reporting.needs import list_needs
from concord.reporting.queries import read_report
from concord.reporting.words import say_age, say_share, say_time
from concord.retention import read_retention
from concord.settings import names_warehouse
from concord.store.engine import PLANNER, Database, Row
from concord.store.ledger.nights import list_held_write_backs
from concord.store.ledger.retention import list_sizes
from concord.wording import say_things

_COVERAGE: LiteralString = "select system, resource, upper(covered) as covered_until from ops.coverage"


def show_status(console: Console) -> None:
    """Print what runs, how far each system was read, and what waits for a person."""
    database = find_warehouse()
    if not names_warehouse():
        home = find_running()
        status = read_status(home)
        if not status.running:
            console.print(
                f"Nothing runs from {home}. Start it with {COMMAND} up, or see it all in {COMMAND} demo."
            )
            return
        _show_processes(console, status)
    if database is not None:
        _show_warehouse(console, database)
    _show_airflow(console)


def _show_airflow(console: Console) -> None:
    """Print the backfills that are under way and the Dags of a night that are paused."""
    try:
        with open_airflow() as api:
            backfills = [run for run in api.runs(BACKFILL) if not run.is_finished]
            paused = sorted(NightSystems.registered().dag_titles().keys() & api.paused_dag_ids())
    except ConcordError as error:
        console.print(f"\nAirflow was not asked for backfills and paused Dags: {error.message}")
        return
    for run in backfills:
        console.print(
            f"\nBackfill {run.run_id} is {run.state}: nothing is written to any system until it ends. "
            f"{COMMAND} backfills follow, cancel."
        )
    if paused:
        console.print(f"\nPaused in Airflow, so they do not run: {', '.join(paused)}.")


def _show_processes(console: Console, status: Status) -> None:
    console.print(f"Running   {', '.join(status.running)}", markup=False)
    if status.missing:
        console.print(
            f"Missing   {', '.join(status.missing)}; restart with {COMMAND} down, {COMMAND} up", style="red"
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
    for held in read_held(database):
        console.print(
            f"{held['system']} was not written to since {say_time(held['held_at'])} UTC because of a backfill; "
            "the reconcile at its end or the next night makes up for it."
        )
    _show_sizes(console, database)
    needs = list_needs(report)
    console.print(
        "\nNothing waits for a person." if not needs else f"\n{say_things(len(needs), 'matter')} for a person:"
    )
    for need in needs:
        console.print(f"  ! {need.what}\n    {need.action}", markup=False)


def _show_sizes(console: Console, database: Database) -> None:
    """Print how large each part of the warehouse was after the newest night, and by how much a night it grows."""
    with database.transaction(PLANNER) as connection:
        parts = list_sizes(connection)
    if not parts:
        return
    keep = asdict(read_retention())
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("part of the warehouse")
    for column in ("MB", "MB a night", "nights kept"):
        table.add_column(column, justify="right")
    for part in parts:
        growth = part["bytes_per_night"]
        nights = keep.get(part["part"])
        table.add_row(
            part["part"].replace("_", " "), _say_megabytes(part["bytes"]),
            "" if growth is None else _say_megabytes(growth), "" if nights is None else str(nights),
        )  # fmt: skip
    console.print()
    console.print(table)


def _say_megabytes(count: float) -> str:
    return f"{count / 1e6:,.1f}"


def read_held(database: Database) -> list[Row]:
    """The systems that a night was not written to because of a backfill."""
    with database.transaction(PLANNER) as connection:
        return list_held_write_backs(connection)


def read_coverage(database: Database) -> dict[tuple[str, str], datetime]:
    """The end of the coverage of each resource, by system and resource."""
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_COVERAGE).fetchall()
    return {(row["system"], row["resource"]): row["covered_until"] for row in rows}
