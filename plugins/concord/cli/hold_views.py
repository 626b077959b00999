"""Holds the fields that an undo has put back, lists what is held, and lifts it."""

import sys

import typer
from rich.console import Console
from rich.table import Table

from concord.installed import COMMAND
from concord.reporting.words import say_time
from concord.store.engine import PLANNER, Database
from concord.store.ledger.holds import hold_undone, lift_holds, list_holds
from concord.wording import say_things, say_were

WARNING = (
    "The owners still say what was undone, so the next night plans it again, and a person must approve it. "
    "Held fields are not planned until you lift the hold."
)


def offer_hold(database: Database, console: Console, *, plan_id: str, choice: bool | None, held_by: str) -> None:
    """Hold what undos of this plan have put back, if that is wanted; `choice` None asks a person at a terminal."""
    if choice is None:
        console.print(WARNING, markup=False, soft_wrap=True)
        if not sys.stdin.isatty():
            console.print(f"To hold them: {COMMAND} undo {plan_id[:12]} --hold", markup=False)
            return
        choice = typer.confirm("Hold these fields?")
    if not choice:
        return
    with database.transaction(PLANNER) as connection:
        count = hold_undone(connection, plan_id, held_by)
    console.print(
        f"{say_were(count, 'field')} put on hold; {COMMAND} holds lift {plan_id[:12]} ends that.",
        markup=False,
        soft_wrap=True,
    )


def show_holds(database: Database, console: Console) -> None:
    """Print one line for each field that is held."""
    with database.transaction(PLANNER) as connection:
        holds = list_holds(connection)
    if not holds:
        console.print("Nothing is held: every field may be planned.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("hold", "system", "resource"):
        table.add_column(name, no_wrap=True)
    for name in ("record", "field", "undone plan", "by", "since (UTC)"):
        table.add_column(name, overflow="fold")
    for hold in holds:
        names = [str(hold[name]) for name in ("hold_id", "system", "resource", "record_key", "field")]
        table.add_row(*names, str(hold["undone_plan_id"])[:12], str(hold["held_by"]), say_time(hold["held_at"]))
    console.print(table)
    console.print(f"\n{say_things(len(holds), 'field')} held. {COMMAND} holds lift HOLD or PLAN lifts them.")


def lift(database: Database, console: Console, name: str) -> None:
    """Lift a hold, or all of an undone plan."""
    with database.transaction(PLANNER) as connection:
        count = lift_holds(connection, name)
    console.print(f"{say_were(count, 'hold')} lifted; the next night may plan these fields.")
