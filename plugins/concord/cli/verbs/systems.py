"""The verbs about the systems: what they are, and whether their connections will work."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from concord.cli.console import open_console, print_line
from concord.cli.context import adopt_systems

systems = typer.Typer(invoke_without_command=True)


class Output(StrEnum):
    """How a verb prints what it found."""

    TEXT = "text"
    JSON = "json"


def add_verbs(app: typer.Typer, panel: str) -> None:
    """Register the verbs."""
    app.add_typer(systems, name="systems", rich_help_panel=panel)


@systems.callback()
def list_systems(
    context: typer.Context,
    *,
    as_map: Annotated[bool, typer.Option("--map", help="Show what moves from where to where.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Write the map of all systems as SVG.")
    ] = None,
) -> None:
    """List the systems in use: their limits and API versions, what is read and what may be written."""
    from concord.cli.system_views import draw_map, show_map, show_systems

    if context.invoked_subcommand is not None:
        return
    adopt_systems()
    if picture is not None:
        draw_map(open_console(), picture)
    elif as_map:
        show_map(open_console())
    else:
        show_systems(open_console())


@systems.command("check")
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="SYSTEM", help="All systems in use when left out.")
    ] = None,
    *,
    output: Annotated[Output, typer.Option("--output", help="For people, or for programs.")] = Output.TEXT,
) -> None:
    """Say whether each connection will work, before the first night.

    Logs in and looks at permissions, fields, one page of each resource, and the clock. Nothing is written. Each
    finding is ok, a note (read it), or fails (a night would stop there). Status 1 when something fails.
    """
    from concord.cli.check_views import as_json, show_summary, show_system
    from concord.cli.checking import check_systems
    from concord.contract import Level

    console, checked = open_console(), []
    for item in check_systems(names or []):
        checked.append(item)
        if output is Output.TEXT:
            show_system(console, item)
    if output is Output.JSON:
        print_line(as_json(checked))
    else:
        show_summary(console, checked)
    if any(item.level is Level.FAILS for item in checked):
        raise typer.Exit(1)


@systems.command("fields")
def fields(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A declared system.")],
    resources: Annotated[
        list[str] | None, typer.Argument(metavar="RESOURCE", help="All resources when left out.")
    ] = None,
    *,
    output: Annotated[Output, typer.Option("--output", help="For people, or for programs.")] = Output.TEXT,
) -> None:
    """List the fields that the account has and that Concord does not read, custom fields among them.

    The account is asked for its own description; no record is read.
    """
    from concord.cli.field_views import fields_as_json, find_further_fields, show_further_fields

    found = find_further_fields(system, resources or [])
    if output is Output.JSON:
        print_line(fields_as_json(found))
    else:
        show_further_fields(open_console(), found)
