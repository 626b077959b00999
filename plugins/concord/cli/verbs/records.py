"""The verbs about single records: dead-letters and trace."""

from typing import Annotated

import typer

from concord.cli.console import open_console
from concord.cli.context import open_airflow, open_database

PANEL = "Records"
dead_letters = typer.Typer(no_args_is_help=True, help="List, show and replay dead letters.")


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(dead_letters, name="dead-letters", rich_help_panel=PANEL)
    app.command(rich_help_panel=PANEL)(trace)


@dead_letters.command("list")
def list_dead_letters(
    *,
    system: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this system.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are settled.")] = False,
) -> None:
    """List the dead letters, with the reason of each."""
    from concord.cli.dead_letter_views import show_dead_letters

    show_dead_letters(open_database(), open_console(), system=system, everything=everything)


@dead_letters.command("show")
def show_dead_letter(
    dead_letter_id: Annotated[str, typer.Argument(help="Its id, or the begin of it; or system/resource/key.")],
) -> None:
    """Show one dead letter with the record as it was received."""
    from concord.cli.dead_letter_views import show_dead_letter as show

    show(open_database(), open_console(), dead_letter_id)


@dead_letters.command("replay")
def replay(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Their ids, as for show; all open ones when left out."),
    ] = None,
    *,
    system: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this system.")] = None,
    read: Annotated[bool, typer.Option("--read", help="Read the records from their systems first.")] = False,
) -> None:
    """Validate dead letters again, through Airflow.

    Validates the records as they were received, which helps after a rule was corrected. With --read the records
    are read from their systems first, which helps after they were corrected there. A change that a system refused
    is proposed again by the next plan. Status 1 when a record is still refused.

    Examples:

        ./concord dead-letters replay                 all that are open
        ./concord dead-letters replay 866e8ace --read
    """
    from concord.cli.replay import ReplayRequest, replay_dead_letters

    request = ReplayRequest(ids=ids or [], system=system, is_reading=read)
    is_well = replay_dead_letters(open_database(), open_airflow, open_console(), request)
    raise typer.Exit(0 if is_well else 1)


def trace(
    system: Annotated[str, typer.Argument(help="The system that holds the record.")],
    key: Annotated[str, typer.Argument(help="Its key, as the system or Concord shows it; or resource/key.")],
) -> None:
    """Follow one record through every step.

    Shows each batch that held it, what became of it there, the entity that it was matched to, and each change that
    was planned and written to it.

    Examples:

        ./concord trace myshop 6940095564
        ./concord trace mycrm 001000000000001AAA
    """
    from concord.cli.dead_letter_views import show_trace

    show_trace(open_database(), open_console(), system=system, key=key)
