"""The verbs about backfills that were started, from whichever terminal."""

from typing import Annotated

import typer

from concord.cli.console import open_console
from concord.cli.context import open_airflow

BACKFILLS = typer.Typer(no_args_is_help=True)
Run = Annotated[str | None, typer.Argument(metavar="[ID]", help="The beginning of its id; else the newest.")]


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(
        BACKFILLS, name="backfills", help="List, follow, cancel and resume backfills.", rich_help_panel="Nights"
    )


@BACKFILLS.command("list")
def show_list() -> None:
    """List the newest backfills and how they ended."""
    from concord.cli.backfill import list_backfills

    with open_airflow() as api:
        list_backfills(api, open_console())


@BACKFILLS.command()
def follow(run: Run = None) -> None:
    """Show how far a backfill is until it has ended."""
    from concord.cli.backfill import find_backfill, follow_backfill

    with open_airflow() as api:
        follow_backfill(api, open_console(), find_backfill(api, run, is_active=True))


@BACKFILLS.command()
def cancel(run: Run = None) -> None:
    """End a backfill; what it has read stays read."""
    from concord.cli.backfill import cancel_backfill, find_backfill

    with open_airflow() as api:
        cancel_backfill(api, open_console(), find_backfill(api, run, is_active=True))


@BACKFILLS.command()
def resume(run: Run = None) -> None:
    """Read what a backfill that failed or was cancelled has not read."""
    from concord.cli.backfill import find_backfill, resume_backfill

    with open_airflow() as api:
        resume_backfill(api, open_console(), find_backfill(api, run, is_active=False))
