"""The verbs about the project of a business: make one, and check it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concord.cli.console import open_console
from concord.errors import ConfigurationError
from concord.installed import COMMAND

if TYPE_CHECKING:
    from concord.project import Project

PANEL = "The project of a business"


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (init, validate):
        app.command(rich_help_panel=PANEL)(verb)
    as_given = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
    app.command(rich_help_panel=PANEL, context_settings=as_given, name="test")(run_tests)


def init(  # noqa: PLR0913  # one option for each role
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it; made if it is not there.")],
    *,
    system: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A system in use; may be repeated. Asked for if left out."),
    ] = None,
    shop: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A shop; may be repeated.")] = None,
    crm: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A CRM; may be repeated.")] = None,
    erp: Annotated[list[str] | None, typer.Option(metavar="NAME", help="An ERP; may be repeated.")] = None,
    payments: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A payment provider; may be repeated.")
    ] = None,
    carrier: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A carrier; may be repeated.")] = None,
    marketing: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A marketing tool; may be repeated.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name of the business.", show_default="the folder's")] = "",
    time_zone: Annotated[str, typer.Option(help="Of all hours.")] = "UTC",
) -> None:
    """Make the project of a business: its systems, hours and rules, in a folder of its own.

    Each system is named with the role that it plays, or by --system with its usual roles. Two systems of one
    vendor need names of their own, written as NAME=VENDOR. Nothing is written to any system until you say so in
    its concord.toml.

        ./concord init acme --shop de=myshop --shop fr=myshop --crm mycrm --time-zone Europe/Berlin
    """
    from concord.cli.new_project import make_project

    given = {
        "shop": shop,
        "crm": crm,
        "erp": erp,
        "payments": payments,
        "carrier": carrier,
        "marketing": marketing,
    }
    wanted = [(word, role) for role, words in given.items() for word in words or ()]
    wanted += [(word, "") for word in system or (() if wanted else _ask_for_systems())]
    written = make_project(folder, wanted, name or folder.resolve().name, time_zone)
    _say_next(folder, len(written))


def _ask_for_systems() -> list[str]:
    from concord import registry

    known = ", ".join(item.name for item in registry.declared_systems())
    answer = typer.prompt(f"Systems in use, separated by commas ({known})")
    return [word.strip() for word in answer.split(",")]


def _say_next(folder: Path, count: int) -> None:
    console = open_console()
    console.print(f"Made {folder} with {count} files. Next:", soft_wrap=True)
    for step in (
        f"decide on the rules in {folder / 'rules'}; {folder / 'README.md'} says what each file is for",
        f"{COMMAND} --project {folder} validate",
        f"{COMMAND} --project {folder} up, then enter the connections in Airflow (docs/connections.md)",
        f"{COMMAND} --project {folder} systems check",
    ):
        console.print(f"  - {step}", soft_wrap=True)


def _find_project() -> "Project":
    from concord.project import read_project

    project = read_project()
    if project is None:
        raise ConfigurationError(
            "There is no project here; name its folder with --project DIR, before the verb, or make one with "
            f"{COMMAND} init DIR."
        )
    return project


def validate() -> None:
    """Say what is wrong with the project, with file and line; status 1 when something is.

    No database and no system is asked.
    """
    from concord.cli.project_checks import find_complaints

    project, console = _find_project(), open_console()
    complaints = find_complaints(project)
    for complaint in complaints:
        console.print(complaint, soft_wrap=True)
    if complaints:
        raise typer.Exit(1)
    console.print(f"{project.name}: nothing is wrong. In use are {', '.join(project.systems)}.", soft_wrap=True)


def run_tests(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="As pytest has them.")
    ] = None,
) -> None:
    """Run the project's own tests, and with them the standard suite on the systems that it declares.

    They lie in tests/ of the project: `benches/` says how the server of each system is started, `planted/` what
    its expectations must notice. No account is asked, unless a bench does it.
    """
    from concord.cli.project_tests import call_pytest

    raise typer.Exit(call_pytest(_find_project(), arguments or []))
