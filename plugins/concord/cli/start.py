"""Starts an installation: PostgreSQL with the warehouse's tables, then Airflow with its pools."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from concord import registry
from concord.cli.context import DAGS, PLUGINS
from concord.cli.progress import Board
from concord.local.airflow_api import AirflowApi
from concord.local.installation import Installation
from concord.settings import variable_of
from concord.store.engine import Database
from concord.store.migrate import migrate
from concord.store.tables import create_tables

if TYPE_CHECKING:
    from concord.local.airflow import Airflow

# dbt works on one state of the warehouse at a time.
DBT_POOL = {"dbt": 1}


def start_installation(home: Path, *, console: Console) -> None:
    """Start what stays up until `./concord down`, with the connections of the caller's environment."""
    with Installation(home, is_bound=False) as installation:
        with Board(console) as board:
            with board.step("PostgreSQL"):
                installation.start_postgres()
            with board.step("Warehouse") as step:
                step.say(prepare_warehouse(installation.postgres.url()))
            airflow = start_airflow(installation, board, connections=read_connections())
        console.print(f"\nAirflow   {airflow.url}   user admin, password {airflow.password}", markup=False)
    console.print(say_missing_connections(), markup=False)
    console.print("Nothing is read or written yet: unpause the Dags in Airflow, or run ./concord night.")


def prepare_warehouse(url: str) -> str:
    """Migrations, and the tables of every registered system."""
    database = Database(url)
    migrate(database)
    count = 0
    for system in registry.systems():
        for resource in system.resources:
            create_tables(database, system, resource)
            count += 1
    return f"{count} resources of {len(registry.systems())} systems"


def start_airflow(
    installation: Installation,
    board: Board,
    *,
    connections: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
) -> "Airflow":
    """Airflow up and healthy, with a pool for each system."""
    with board.step("Airflow's tables"):
        airflow = installation.prepare_airflow(
            dags=DAGS, plugins=PLUGINS, connections=connections, extra=extra or {}
        )
    with board.step("Airflow"):
        airflow.start()
        airflow.wait_healthy()
        with open_api(airflow) as api:
            for name, slots in list_pools().items():
                api.set_pool(name, slots)
        installation.announce()
    return airflow


def open_api(airflow: "Airflow") -> AirflowApi:
    """The REST API of an Airflow that was started here."""
    return AirflowApi(airflow.url, user="admin", password=airflow.password)


def list_pools() -> dict[str, int]:
    """A pool per system, sized by what the vendor bears, and one for dbt."""
    return {**{system.name: system.pace.concurrency for system in registry.systems()}, **DBT_POOL}


def read_connections() -> dict[str, str]:
    """The connections that the caller's environment defines, by name."""
    names = [system.connection for system in registry.systems()]
    found = {name: os.environ.get(variable_of(name), "") for name in names}
    return {name: text for name, text in found.items() if text}


def say_missing_connections() -> str:
    """One sentence about the connections that Airflow still lacks."""
    missing = [
        system.connection for system in registry.systems() if not os.environ.get(variable_of(system.connection))
    ]
    if not missing:
        return "All systems have their connection."
    return f"Not connected yet: {', '.join(missing)}. Add them in Airflow (Admin, Connections)."
