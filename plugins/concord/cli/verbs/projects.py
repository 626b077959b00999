"""The verbs about the project of a business: make one, and check it."""

from pathlib import Path
from typing import Annotated

import typer

from concord.cli.console import open_console
from concord.errors import ConfigurationError

PANEL = "The project of a business"


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (init, validate):
        app.command(rich_help_panel=PANEL)(verb)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it; made if it is not there.")],
    *,
    system: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A system in use; may be repeated. Asked for if left out."),
    ] = None,
    name: Annotated[str, typer.Option(help="The name of the business.", show_default="the folder's")] = "",
    time_zone: Annotated[str, typer.Option(help="Of all hours.")] = "UTC",
) -> None:
    """Make the project of a business: its systems, hours and rules, in a folder of its own.

    It writes nothing to any system until you say so in its concord.toml.

        ./concord init acme --system myshop --system mycrm --time-zone Europe/Berlin
    """
    from concord import registry
    from concord.cli.new_project import make_project

    if not system:
        known = ", ".join(item.name for item in registry.declared_systems())
        answer = typer.prompt(f"Systems in use, separated by commas ({known})")
        system = [word.strip() for word in answer.split(",")]
    written = make_project(folder, system, name or folder.resolve().name, time_zone)
    console = open_console()
    console.print(f"Made {folder} with {len(written)} files. Next:", soft_wrap=True)
    for step in (
        f"decide on the rules in {folder / 'rules'}; {folder / 'README.md'} says what each file is for",
        f"./concord --project {folder} validate",
        f"./concord --project {folder} up, then enter the connections in Airflow (docs/connections.md)",
        f"./concord --project {folder} systems check",
    ):
        console.print(f"  - {step}", soft_wrap=True)


def validate() -> None:
    """Say what is wrong with the project, with file and line; status 1 when something is.

    No database and no system is asked.
    """
    from concord.cli.project_checks import find_complaints
    from concord.project import read_project

    project = read_project()
    if project is None:
        raise ConfigurationError(
            "There is no project here; name its folder (./concord --project DIR validate), or make one with "
            "./concord init DIR."
        )
    console = open_console()
    complaints = find_complaints(project)
    for complaint in complaints:
        console.print(complaint, soft_wrap=True)
    if complaints:
        raise typer.Exit(1)
    console.print(f"{project.name}: nothing is wrong. In use are {', '.join(project.systems)}.", soft_wrap=True)
