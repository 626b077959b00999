"""The verbs about what Concord would write, writes and has written: plan, approve, decline, undo, holds."""

from typing import Annotated

import typer

from concord.cli.console import open_console
from concord.cli.context import open_airflow, open_database

PANEL = "Plans and undo"
PlanId = Annotated[str, typer.Argument(help="The plan's id, or its first characters.")]

holds = typer.Typer(no_args_is_help=True, help="List and lift holds: fields that stay as an undo left them.")
plan = typer.Typer(no_args_is_help=True, help="List plans; show one with before and after.")


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(plan, name="plan", rich_help_panel=PANEL)
    app.add_typer(holds, name="holds", rich_help_panel=PANEL)
    for verb in (approve, decline, undo):
        app.command(rich_help_panel=PANEL)(verb)


@plan.command("list")
def list_plans(
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many, the newest first.")] = 20,
) -> None:
    """List the newest plans and what came of them."""
    from concord.cli.plan_views import show_plans

    show_plans(open_database(), open_console(), limit=limit)


@plan.command("show")
def show_plan(plan_id: PlanId) -> None:
    """Show one plan: every change with its reason, before and after."""
    from concord.cli.plan_views import complete_plan_id, show_plan

    database = open_database()
    show_plan(database, open_console(), plan_id=complete_plan_id(database, plan_id))


def approve(plan_id: PlanId) -> None:
    """Approve a plan, as you could in Airflow; it is written at once."""
    _decide(plan_id, is_approved=True)


def decline(plan_id: PlanId) -> None:
    """Decline a plan; nothing of it is written.

    The next night plans again what the systems then still disagree about.
    """
    _decide(plan_id, is_approved=False)


def _decide(prefix: str, *, is_approved: bool) -> None:
    from concord.cli.plan_decisions import decide_plan
    from concord.cli.plan_views import complete_plan_id

    database = open_database()
    plan_id = complete_plan_id(database, prefix)
    decide_plan(database, open_airflow(), open_console(), plan_id=plan_id, is_approved=is_approved)


def undo(
    plan_id: PlanId,
    *,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the inverse plan, too.")] = False,
    hold: Annotated[
        bool | None, typer.Option("--hold/--no-hold", help="Keep later plans from writing these fields again.")
    ] = None,
) -> None:
    """Take back what a plan wrote.

    The undo is a plan of its own with the values as they were before. A field that somebody changed since then is
    left as it is, and the plan lists it. The next night plans the same changes again, as long as their cause is
    there, unless the fields are held.
    """
    from concord.cli.hold_views import offer_hold
    from concord.cli.plan_decisions import undo_plan
    from concord.cli.plan_views import complete_plan_id

    database = open_database()
    found = complete_plan_id(database, plan_id)
    api, console = open_airflow(), open_console()
    inverse = undo_plan(database, api, console, plan_id=found, is_approving=approve)
    if inverse is not None and inverse.state == "applied":
        offer_hold(database, console, plan_id=found, choice=hold, held_by=api.user)


@holds.command("list")
def list_holds() -> None:
    """List the fields that no plan writes, since an undo put them back."""
    from concord.cli.hold_views import show_holds

    show_holds(open_database(), open_console())


@holds.command("lift")
def lift_hold(
    name: Annotated[str, typer.Argument(help="A hold or an undone plan, by its id; or system/resource/key.")],
) -> None:
    """Let plans write these fields again."""
    from concord.cli.hold_views import lift

    lift(open_database(), open_console(), name)
