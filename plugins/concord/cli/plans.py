"""The verbs about what Concord would write, writes and has written: plan, approve, decline, undo."""

from typing import Annotated

import typer

from concord.cli.context import open_airflow, open_console, open_database

PANEL = "Plans and undo"
PlanId = Annotated[str, typer.Argument(help="The plan's id, or its first characters.")]

plan = typer.Typer(no_args_is_help=True, help="List plans; show one with before and after.")


def add_verbs(app: typer.Typer) -> None:
    """Register the verbs."""
    app.add_typer(plan, name="plan", rich_help_panel=PANEL)
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
    from concord.cli.plan_views import find_plan, show_plan

    database = open_database()
    show_plan(database, open_console(), plan_id=find_plan(database, plan_id))


def approve(plan_id: PlanId) -> None:
    """Let a plan be written: answers Airflow's question for you."""
    from concord.cli.plan_views import answer_plan, find_plan

    database = open_database()
    found = find_plan(database, plan_id)
    answer_plan(database, open_airflow(), open_console(), plan_id=found, is_approved=True)


def decline(plan_id: PlanId) -> None:
    """Refuse a plan; nothing of it is written.

    The next night plans anew, and asks again while the systems still disagree.
    """
    from concord.cli.plan_views import answer_plan, find_plan

    database = open_database()
    found = find_plan(database, plan_id)
    answer_plan(database, open_airflow(), open_console(), plan_id=found, is_approved=False)


def undo(
    plan_id: PlanId,
    *,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the inverse plan, too.")] = False,
) -> None:
    """Take back what a plan wrote.

    The undo is a plan of its own, made of the values as they were before. What somebody changed since then is
    skipped, and the plan says so.
    """
    from concord.cli.plan_views import find_plan, undo_plan

    database = open_database()
    found = find_plan(database, plan_id)
    undo_plan(database, open_airflow(), open_console(), plan_id=found, is_approved=approve)
