"""Starts an installation: PostgreSQL with the warehouse's tables, then Airflow with its pools."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from concord import registry
from concord.cli.context import DAGS, PLUGINS
from concord.cli.progress import Board
from concord.installed import COMMAND
from concord.local.airflow_api import AirflowApi
from concord.local.installation import Installation
from concord.settings import defined_connections
from concord.store.engine import Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables

if TYPE_CHECKING:
    from concord.local.airflow import Airflow


def start_installation(home: Path, *, console: Console) -> None:
    """Start an installation that runs until `./concord down`, with the connections of the caller's environment."""
    with Installation(home, is_bound=False) as installation:
        with Board(console) as board:
            with board.step("PostgreSQL"):
                installation.start_postgres()
            with board.step("Warehouse") as step:
                step.say(prepare_warehouse(installation.postgres.url()))
            airflow = start_airflow(installation, board, connections=defined_connections(needed_connections()))
        console.print(f"\nAirflow   {airflow.url}   user admin, password {airflow.password}", markup=False)
    console.print(say_missing_connections(), markup=False)
    console.print(f"Nothing is read or written yet: unpause the Dags in Airflow, or run {COMMAND} night.")


def prepare_warehouse(url: str) -> str:
    """Apply the migrations and create the tables of the systems in use; says of how many."""
    database = Database(url)
    migrate(database)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(database, system, resource)
    count = sum(len(system.resources) for system in registry.systems())
    return f"{count} resources of {len(registry.systems())} systems"


def start_airflow(
    installation: Installation,
    board: Board,
    *,
    connections: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
) -> "Airflow":
    """Start Airflow, wait until it is healthy, and create the pools; `extra` are further environment variables."""
    with board.step("Airflow's tables"):
        airflow = installation.prepare_airflow(
            dags=DAGS, plugins=PLUGINS, connections=connections, extra=extra or {}
        )
    with board.step("Airflow"):
        airflow.start()
        airflow.wait_healthy()
        with open_api(airflow) as api:
            for name, slots in registry.pool_slots().items():
                api.set_pool(name, slots)
        installation.announce(systems=",".join(system.name for system in registry.systems()))
    return airflow


def open_api(airflow: "Airflow") -> AirflowApi:
    """The REST API of an Airflow that this process started."""
    return AirflowApi(airflow.url, user="admin", password=airflow.password)


def needed_connections() -> list[str]:
    """The connections of all systems, by name."""
    return [system.connection for system in registry.systems()]


def say_missing_connections() -> str:
    """A sentence about the connections that the environment does not define."""
    missing = [name for name in needed_connections() if name not in defined_connections([name])]
    if not missing:
        return "All systems have their connection."
    return f"Not connected yet: {', '.join(missing)}. Add them in Airflow (Admin, Connections)."
