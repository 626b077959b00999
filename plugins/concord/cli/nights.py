"""The verbs that run nights: demo, night, backfill, and the report of what came of them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from concord.cli.context import DEMO, load_settings, open_airflow, open_console, open_database
from concord.settings import read_home

PANEL = "Nights"
DATE = "%Y-%m-%d"


def add_demo(app: typer.Typer) -> None:
    """Register the verb that stands first."""
    app.command(rich_help_panel="To begin with")(demo)


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (night, backfill, report):
        app.command(rich_help_panel=PANEL)(verb)


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Approve plans, check the night against the truth, and end.")
    ] = False,
    nights: Annotated[
        int, typer.Option(metavar="N", min=1, max=9, help="Nights to run; the second plans nothing.")
    ] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed makes another world.")] = 7,
    customers: Annotated[
        int, typer.Option(metavar="N", min=100, max=50_000, help="Customers of the world.")
    ] = 500,
    systems: Annotated[
        str, typer.Option(metavar="NAMES", help="Systems to take part, separated by commas, or all.")
    ] = "shopify,salesforce,tryton",
) -> None:
    """Show a whole night on this machine, with a real ERP.

    Starts PostgreSQL, Airflow, the systems in miniature and a Tryton server, fills them with one world as each
    of them would know it, runs the night through Airflow and prints its report. Stays up until Ctrl-C, so that
    you can look around in Airflow; then it leaves nothing running. Its data has a folder of its own, made anew
    each time.

    Examples:

        ./concord demo             approve the plans yourself, in Airflow
        ./concord demo --once      by itself; status 0 only if the night is right
        ./concord demo --nights 2  the second night finds nothing left to change
        ./concord demo --systems all   every system that there is
    """
    from concord.demo.places import stageable
    from concord.demo.run import DemoOptions, run_demo

    names = tuple(name.strip() for name in systems.split(",") if name.strip())
    names = tuple(stageable()) if names == ("all",) else names
    home = read_home()
    options = DemoOptions(
        home=home / DEMO,
        cache=home,
        once=once,
        nights=nights,
        seed=seed,
        customers=customers,
        systems=names,
    )
    is_right = run_demo(options, open_console())
    raise typer.Exit(0 if is_right else 1)


def night(
    *,
    approve: Annotated[bool, typer.Option("--approve", help="Approve every plan that waits.")] = False,
    write_back: Annotated[
        bool, typer.Option("--write-back/--no-write-back", help="Plan and write, or only read and compare.")
    ] = True,
) -> None:
    """Run a night now and print its report.

    Without --approve a plan that needs a person waits for you in Airflow, and so does this command.
    """
    from concord.cli.night import run_night_now

    run_night_now(open_airflow(), open_database(), open_console(), approve=approve, write_back=write_back)


def backfill(
    *,
    first: Annotated[datetime, typer.Option("--from", metavar="DATE", formats=[DATE], help="First day (UTC).")],
    last: Annotated[datetime, typer.Option("--to", metavar="DATE", formats=[DATE], help="Last day, included.")],
    system: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this system; may be repeated.")
    ] = None,
    write_back: Annotated[
        bool, typer.Option("--write-back", help="Afterwards write the net changes, too.")
    ] = False,
) -> None:
    """Read a range of days again, then reconcile once.

    Each day is a run of Airflow's own backfill; days that were read before are read anew and replace
    themselves. The targets are left alone unless you say --write-back, and then get one set of net changes.

    Examples:

        ./concord backfill --from 2026-11-01 --to 2026-11-07
        ./concord backfill --from 2026-11-01 --to 2026-11-07 --system shopify
    """
    from concord.cli.backfill import run_backfill

    if last < first:
        raise typer.BadParameter("the last day lies before the first", param_hint="--to")
    span = (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))
    run_backfill(open_airflow(), open_console(), span=span, systems=system or [], write_back=write_back)


def report(
    run: Annotated[str | None, typer.Argument(help="A run of reconcile; the newest one when left out.")] = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="Write it as one page and print where it is.")] = False,
) -> None:
    """Print what agrees, what does not and why, and what was written."""
    from concord.stages.report import build_report, render_terminal, write_report

    settings = load_settings()
    database = open_database(settings)
    if html:
        typer.echo(write_report(database, settings, run))
    else:
        open_console().print(render_terminal(build_report(database, run)))
