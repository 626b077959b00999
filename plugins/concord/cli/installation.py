"""The verbs of an installation on this machine: up, down, status, systems, migrate."""

from pathlib import Path
from typing import Annotated

import typer

from concord.cli.context import open_console, open_database
from concord.settings import read_home

PANEL = "An installation on this machine"


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (up, down, status, systems, migrate, pools):
        app.command(rich_help_panel=PANEL)(verb)


def up() -> None:
    """Start PostgreSQL and Airflow here, for your own systems.

    The systems are those of AIRFLOW_CONN_SHOPIFY_DEFAULT, AIRFLOW_CONN_SALESFORCE_DEFAULT and so on, or of
    connections that you set in Airflow (Admin, Connections). CONCORD_SYSTEMS names those in use, as in
    CONCORD_SYSTEMS=shopify,tryton; unset, all are. Everything stays up until ./concord down.
    """
    from concord.cli.start import start_installation

    start_installation(read_home(), console=open_console())


def down() -> None:
    """Stop the installation; its data stays where it is."""
    from concord.local.installation import stop

    stopped = stop(read_home())
    console = open_console()
    if stopped:
        console.print(f"Stopped {', '.join(stopped)}. The data is kept in {read_home()}.")
    else:
        console.print("Nothing was running.")


def status() -> None:
    """Say what runs, what was read, and what waits for a person."""
    from concord.cli.status import show_status

    show_status(open_console())


def systems(
    *,
    as_map: Annotated[bool, typer.Option("--map", help="Show what moves from where to where.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Write the map of all systems as SVG.")
    ] = None,
) -> None:
    """List the systems in use: their limits and API versions, what is read and what may be written."""
    from concord.cli.systems import draw_map, show_map, show_systems

    if picture is not None:
        draw_map(open_console(), picture)
    elif as_map:
        show_map(open_console())
    else:
        show_systems(open_console())


def migrate() -> None:
    """Bring the warehouse's tables to this version."""
    from concord import registry
    from concord.store.migrate import migrate as apply_migrations
    from concord.store.tables import create_tables

    database = open_database()
    applied = apply_migrations(database)
    for system in registry.declared_systems():
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
    typer.echo(json.dumps(wanted, indent=2))
