"""The verbs of an installation on this machine: up, down, status, systems, migrate, pools."""

from typing import Annotated

import typer

from concord.cli.console import open_console, print_line
from concord.cli.context import find_running, load_settings
from concord.cli.verbs import systems
from concord.settings import read_home

PANEL = "An installation on this machine"


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (up, down, status, migrate, pools):
        app.command(rich_help_panel=PANEL)(verb)
    systems.add_verbs(app, PANEL)
    # Every option belongs to Airflow, also its --help.
    as_given = {"ignore_unknown_options": True, "help_option_names": []}
    app.command(rich_help_panel=PANEL, context_settings=as_given)(airflow)


def up() -> None:
    """Start PostgreSQL and Airflow here, for your own systems.

    CONCORD_SYSTEMS names the systems in use, separated by commas; unset, all are. Each needs a connection, set in
    Airflow (Admin, Connections) or in the variable AIRFLOW_CONN_MYSHOP_DEFAULT for a connection myshop_default;
    ./concord systems lists the systems with their connections. Everything stays up until ./concord down.
    """
    from concord.cli.installation_start import start_installation

    start_installation(read_home(), console=open_console())


def down() -> None:
    """Stop the installation; its data stays where it is."""
    from concord.local.installation import stop

    stopped = stop(read_home())
    console = open_console()
    if stopped:
        console.print(f"Stopped {', '.join(stopped)}. The data is kept in {read_home()}.")
    elif find_running() != read_home():
        console.print("No installation was running. A demo runs: end it with Ctrl-C in its terminal.")
    else:
        console.print("Nothing was running.")


def status() -> None:
    """Say what runs, what was read, and what waits for a person."""
    from concord.cli.status_view import show_status

    show_status(open_console())


def migrate() -> None:
    """Bring the warehouse's tables to this version."""
    from concord import registry
    from concord.store.engine import Database
    from concord.store.migrate import migrate as apply_migrations
    from concord.store.tables import create_tables

    database = Database(load_settings().warehouse_url)
    applied = apply_migrations(database)
    for system in registry.systems():
        for resource in system.resources:
            create_tables(database, system, resource)
    console = open_console()
    console.print(f"Applied {', '.join(applied)}." if applied else "The warehouse is up to date.")


def pools() -> None:
    """Print the pools that Airflow needs, for airflow pools import."""
    import json

    from concord import registry

    wanted = {
        name: {"slots": slots, "description": "Concord", "include_deferred": False}
        for name, slots in registry.pool_slots().items()
    }
    print_line(json.dumps(wanted, indent=2))


def airflow(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="As Airflow has them.")
    ] = None,
) -> None:
    """Call Airflow with the environment of the installation that runs here."""
    from concord.local.airflow import run_airflow

    raise typer.Exit(run_airflow(find_running(), arguments or []))
