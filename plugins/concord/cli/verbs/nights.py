"""The verbs that run nights: demo, night, backfill, and the report of what came of them."""

from typing import Annotated

import typer

from concord.cli.console import open_console, print_line
from concord.cli.context import load_settings, open_airflow, open_database
from concord.settings import DEMO, read_home

PANEL = "Nights"
DAYS = "like 2026-11-30, today, yesterday, or 7d for seven days ago"


def add_demo(app: typer.Typer) -> None:
    """Register the verb that stands first."""
    app.command(rich_help_panel="To begin with")(demo)


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (night, backfill, rebuild, report):
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
        str,
        typer.Option(
            metavar="NAMES",
            help="Systems to take part, separated by commas, or all.",
            show_default="a shop, a CRM and an ERP",
        ),
    ] = "",
) -> None:
    """Show a whole night on this machine, with a real ERP.

    Starts PostgreSQL, Airflow, the systems in miniature and the server of a real ERP, fills them with records of
    the same customers and orders, runs the night through Airflow and prints its report. Stays up until Ctrl-C, so
    that you can look around in Airflow; then it leaves nothing running. Its data has a folder of its own, made
    anew each time.

    Examples:

        ./concord demo             approve the plans yourself, in Airflow
        ./concord demo --once      by itself; status 0 only if the night is right
        ./concord demo --nights 2  the second night finds nothing left to change
        ./concord demo --systems all   every system that there is
    """
    from concord.cli.demo import DemoOptions, choose_demo_systems, run_demo

    home = read_home()
    names = choose_demo_systems(systems)
    options = DemoOptions(
        home=home / DEMO, cache=home, once=once, nights=nights, seed=seed, customers=customers, systems=names
    )
    raise typer.Exit(0 if run_demo(options, open_console()) else 1)


def night(
    *,
    approve: Annotated[bool, typer.Option("--approve", help="Approve every plan that waits.")] = False,
    write_back: Annotated[
        bool, typer.Option("--write-back/--no-write-back", help="Plan and write, or only read and compare.")
    ] = True,
) -> None:
    """Run a night now and print its report.

    Without --approve a plan that needs approval waits for you in Airflow, and this command waits with it.
    """
    from concord.cli.night_run import run_night_now

    run_night_now(open_airflow(), open_database(), open_console(), approve=approve, write_back=write_back)


def backfill(  # noqa: PLR0913  # a parameter for each option
    *,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help=f"First day; {DAYS}.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, included.")],
    system: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this system; may be repeated.")
    ] = None,
    resource: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this resource; may be repeated.")
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(
            metavar="STEP", help="Read in windows of a day, week or month, or all.", show_default="by resource"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show windows, calls and time only.")] = False,
    write_back: Annotated[
        bool, typer.Option("--write-back", help="Afterwards write the net changes, too.")
    ] = False,
) -> None:
    """Read a range of days again, then reconcile once.

    It is a run of the Dag backfill: it goes on when this terminal is closed, and ./concord backfills shows,
    cancels and resumes it. What was read of these days before is replaced. Nothing is written to any system
    without --write-back, and with it one set of net changes, once the whole range was read.

    Examples:

        ./concord backfill --from 2026-11-01 --to 2026-11-07
        ./concord backfill --from 2026-11-01 --to 2026-11-07 --system myshop
    """
    from concord.cli.backfill import run_backfill
    from concord.cli.days import read_day
    from concord.stages.extract.split_range import Range

    days = (read_day(first, "--from"), read_day(last, "--to"))
    if days[1] < days[0]:
        raise typer.BadParameter("the last day lies before the first", param_hint="--to")
    wanted = Range(first=days[0], last=days[1], resources=frozenset(resource or []), step=step)
    run_backfill(open_console(), system or [], wanted, is_dry=dry_run, write_back=write_back)


def rebuild() -> None:
    """Reconcile all records again, and not only those that changed; writes nothing to any system.

    A night works on what was touched and gives the same result, so nobody has to do this. It is there for who
    doubts that, and after somebody has changed tables of the warehouse by hand.
    """
    from concord.cli.dag_runs import start_and_follow
    from concord.cli.progress import Board
    from concord.dag_ids import RECONCILE

    with open_airflow() as api, Board(open_console()) as board:
        start_and_follow(api, board, RECONCILE, title="Reconcile all records", everything=True, write_back=False)


def report(
    run: Annotated[str | None, typer.Argument(help="A run of reconcile; the newest one when left out.")] = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="Write it as one page and print where it is.")] = False,
) -> None:
    """Print what agrees, what does not and why, and what was written."""
    from concord.reporting.queries import read_report, refuse_unknown_run
    from concord.reporting.terminal import render_terminal
    from concord.stages.report.write_report import write_report

    settings = load_settings()
    database = open_database(settings)
    if run is not None:
        refuse_unknown_run(database, run)
    if html:
        print_line(str(write_report(database, settings, run)))
    else:
        open_console().print(render_terminal(read_report(database, run)))
