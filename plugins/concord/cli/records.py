"""The verbs about single records: dead-letters and trace."""

from typing import Annotated

import typer

from concord.cli.context import load_settings, open_console, open_database

PANEL = "Records"
dead_letters = typer.Typer(no_args_is_help=True, help="List, show and replay what was set aside.")


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
    """List what was set aside, with the reason."""
    from concord.cli.record_views import show_dead_letters

    show_dead_letters(open_database(), open_console(), system=system, everything=everything)


@dead_letters.command("show")
def show_dead_letter(
    dead_letter_id: Annotated[str, typer.Argument(help="Its id, or the first characters of it.")],
) -> None:
    """Show one dead letter with the record as it was received."""
    from concord.cli.record_views import show_dead_letter as show

    show(open_database(), open_console(), dead_letter_id)


@dead_letters.command("replay")
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Their ids; all open ones when left out.")] = None,
    *,
    system: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this system.")] = None,
) -> None:
    """Send dead letters back into the stage that refused them."""
    from concord.cli.record_views import replay_dead_letters

    settings = load_settings()
    replay_dead_letters(open_database(settings), settings, open_console(), ids=ids or [], system=system)


def trace(
    system: Annotated[str, typer.Argument(help="The system that holds the record.")],
    key: Annotated[str, typer.Argument(help="The vendor's key, as the system spells it.")],
) -> None:
    """Follow one record through every step.

    Shows each batch that held it, what became of it there, the entity it was judged to be, and each change that
    was planned and written to it.

    Examples:

        ./concord trace shopify gid://shopify/Customer/1
        ./concord trace salesforce 001000000000001AAA
    """
    from concord.cli.record_views import show_trace

    show_trace(open_database(), open_console(), system=system, key=key)
