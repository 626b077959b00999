"""What the verbs about plans show and do."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text

from concord.cli.follow import approve_at_once, leave_to_person, start_and_follow
from concord.cli.night import WRITE_BACK
from concord.cli.progress import Board
from concord.errors import ConfigurationError
from concord.reporting.words import say_count, say_things, say_time
from concord.store.engine import PLANNER, Database

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi, RequiredAction

UNDO = "undo"
STATE_STYLES = {
    "confirmed": "green",
    "rejected": "red",
    "unknown": "red",
    "conflicted": "yellow",
    "held": "yellow",
}
_FIND: LiteralString = "select plan_id from ops.plans where starts_with(plan_id, %s) order by plan_id limit 2"
_PLAN: LiteralString = "select * from ops.plans where plan_id = %s"
_CHANGES: LiteralString = """
    select resource, entity_id, record_key, action, before, after, reason, state, message
    from ops.changes
    where plan_id = %s
    order by sequence
"""
_LIST: LiteralString = """
    select plan_id, system, purpose, state, needs_approval, planned, confirmed,
        rejected, conflicted, unknown, held, created_at
    from ops.plans
    order by created_at desc, plan_id
    limit %s
"""


def find_plan(database: Database, prefix: str) -> str:
    """The one plan whose id begins so."""
    with database.transaction(PLANNER) as connection:
        found = [str(row[0]) for row in connection.execute(_FIND, (prefix,))]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(f"More than one plan begins with {prefix!r}; give more of its id.")
    raise ConfigurationError(f"There is no plan {prefix!r}; ./concord plan list shows those there are.")


def show_plans(database: Database, console: Console, *, limit: int) -> None:
    """The newest plans, one line each."""
    with database.transaction(PLANNER) as connection:
        rows = connection.execute(_LIST, (limit,)).fetchall()
    if not rows:
        console.print("No plan was made yet; the first one follows the first night.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("plan", "made (UTC)", "system", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("planned", "conf.", "other"):
        table.add_column(name, justify="right", no_wrap=True)
    for plan_id, system, purpose, state, needs_approval, planned, confirmed, *ends, created_at in rows:
        said = "waits for approval" if state == "planned" and needs_approval else str(state)
        name = f"{system} (undo)" if purpose == UNDO else str(system)
        other = sum(int(str(end)) for end in ends)
        numbers = (say_count(int(str(planned))), say_count(int(str(confirmed))), say_count(other))
        table.add_row(str(plan_id)[:12], say_time(created_at), name, said, *numbers)  # type: ignore[arg-type]  # a timestamp
    console.print(table)


def show_plan(database: Database, console: Console, *, plan_id: str) -> None:
    """The plan with all of its changes: before and after of every field, and what became of it."""
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        plan = cursor.execute(_PLAN, (plan_id,)).fetchone() or {}
        changes = cursor.execute(_CHANGES, (plan_id,)).fetchall()
    console.print(Text(say_things(int(plan["planned"]), "change") + f" for {plan['system']}", style="bold"))
    console.print(f"Plan {plan_id}, {plan['state']}, made {say_time(plan['created_at'])} UTC", markup=False)
    for reason in (plan["approval_reason"], plan["approved_by"] and f"Decided by {plan['approved_by']}"):
        if reason:
            console.print(reason, markup=False)
    for change in changes:
        console.print(render_change(change))


def answer_plan(api: "AirflowApi", console: Console, *, plan_id: str, is_approved: bool) -> None:
    """Give Airflow the answer it waits for."""
    from concord.local.airflow_api import APPROVE, REJECT

    with api:
        action = find_action(api, plan_id)
        api.answer(action, APPROVE if is_approved else REJECT)
    console.print(f"{'Approved' if is_approved else 'Declined'} as {api.user}: {action.subject}", markup=False)


def render_change(change: Mapping[str, Any]) -> Table:
    """One change: its record and reason, then a line for each field."""
    key = change["record_key"] or change["entity_id"]
    title = Text.assemble("\n", (f"{change['action']} {change['resource']} {key}", "bold"))
    title.append(f"  {change['state']}", style=STATE_STYLES.get(change["state"], ""))
    if said := "; ".join(text for text in (change["reason"], change["message"]) if text):
        title.append(f"\n{said}", style="dim")
    table = Table(
        box=None, padding=(0, 2, 0, 0), show_header=False, title=title, title_justify="left", title_style=""
    )
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, after in sorted(change["after"].items()):
        before = change["before"].get(name)
        value = Text("" if before is None else f"{before} → ", style="dim")
        table.add_row(f"  {name}", value.append(str(after), style="not dim"))
    return table


def find_action(api: "AirflowApi", plan_id: str) -> "RequiredAction":
    """The open question about this plan."""
    for action in api.required_actions():
        if action.dag_id.startswith((WRITE_BACK, UNDO)) and re.search(rf"\b{re.escape(plan_id)}\b", action.body):
            return action
    raise ConfigurationError(
        f"Plan {plan_id} does not wait for an answer; ./concord plan list says where it stands."
    )


def undo_plan(api: "AirflowApi", console: Console, *, plan_id: str, is_approved: bool) -> None:
    """Run the Dag that takes a plan back, to its end."""
    with api, Board(console) as board:
        decide = (approve_at_once if is_approved else leave_to_person)(api, board)
        start_and_follow(api, board, UNDO, title=f"Undo {plan_id}", decide=decide, plan_id=plan_id)
