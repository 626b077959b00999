"""What the verbs about plans show and do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg.rows import dict_row
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from concord.cli.follow import approve_at_once, find_plan_id, leave_to_person, start_and_follow
from concord.cli.progress import Board
from concord.errors import ConfigurationError
from concord.reporting.words import say_count, say_things, say_time
from concord.store.engine import PLANNER, Database

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi, RequiredAction

UNDO = "undo"
WAITS = "waits for approval"
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
_INVERSE: LiteralString = """
    select plan_id, state, approved_by, planned, confirmed from ops.plans
    where undoes_plan_id = %s order by created_at desc limit 1
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
        said = say_state(str(state), needs_approval=bool(needs_approval))
        name = f"{system} (undo)" if purpose == UNDO else str(system)
        other = sum(int(str(end)) for end in ends)
        numbers = (say_count(int(str(planned))), say_count(int(str(confirmed))), say_count(other))
        table.add_row(str(plan_id)[:12], say_time(created_at), name, said, *numbers)  # type: ignore[arg-type]  # a timestamp
    console.print(table)


def show_plan(database: Database, console: Console, *, plan_id: str) -> None:
    """The plan with all of its changes: before and after of every field, and what became of it."""
    plan = read_plan(database, plan_id)
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        changes = cursor.execute(_CHANGES, (plan_id,)).fetchall()
    console.print(Text(say_things(int(plan["planned"]), "change") + f" for {plan['system']}", style="bold"))
    state = say_state(plan["state"], needs_approval=plan["needs_approval"])
    console.print(f"Plan {plan_id} {state}, made {say_time(plan['created_at'])} UTC", markup=False)
    decided = "Declined" if plan["state"] == "declined" else "Approved"
    for reason in (plan["approval_reason"], plan["approved_by"] and f"{decided} by {plan['approved_by']}"):
        if reason:
            console.print(reason, markup=False)
    if state == WAITS:
        console.print(f"Answer with ./concord approve {plan_id[:12]} or ./concord decline {plan_id[:12]}")
    for change in changes:
        console.print(render_change(change))


def read_plan(database: Database, plan_id: str) -> dict[str, Any]:
    """The row of a plan that there is."""
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_PLAN, (plan_id,)).fetchone() or {}


def say_state(state: str, *, needs_approval: bool) -> str:
    """Where a plan stands, in words that go behind its name."""
    return WAITS if state == "planned" and needs_approval else state


def answer_plan(
    database: Database, api: "AirflowApi", console: Console, *, plan_id: str, is_approved: bool
) -> None:
    """Give Airflow the answer it waits for."""
    from concord.local.airflow_api import APPROVE, REJECT

    plan = read_plan(database, plan_id)
    state = say_state(plan["state"], needs_approval=plan["needs_approval"])
    if state != WAITS:
        raise ConfigurationError(
            f"Plan {plan_id} for {plan['system']} is {state}, so there is nothing to decide; "
            f"./concord plan show {plan_id[:12]} has its changes."
        )
    with api:
        api.answer(find_action(api, plan_id), APPROVE if is_approved else REJECT)
    changes = f"{say_things(int(plan['planned']), 'change')} for {plan['system']}"
    if is_approved:
        console.print(f"Approved as {api.user}: {changes}, written now. See ./concord plan show {plan_id[:12]}")
    else:
        console.print(f"Declined as {api.user}: {changes}. Nothing of it is written; the next night plans anew.")


def render_change(change: Mapping[str, Any]) -> Group:
    """One change: its record and reason, then a line for each field."""
    key = change["record_key"] or change["entity_id"]
    title = Text.assemble("\n", (f"{change['action']} {change['resource']} {key}", "bold"))
    title.append(f"  {change['state']}", style=STATE_STYLES.get(change["state"], ""))
    lines: list[Text | Table] = [Text(text, style="dim") for text in (change["reason"], change["message"]) if text]
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, after in sorted(change["after"].items()):
        before = change["before"].get(name)
        value = Text("" if before is None else f"{before} → ", style="dim")
        table.add_row(name, value.append(str(after), style="not dim"))
    return Group(title, *(Padding(line, (0, 0, 0, 2)) for line in (*lines, table)))


def find_action(api: "AirflowApi", plan_id: str) -> "RequiredAction":
    """The open question about this plan."""
    for action in api.required_actions():
        if find_plan_id(action.body) == plan_id:
            return action
    raise ConfigurationError(
        f"Airflow does not ask about plan {plan_id} yet, or not any more; "
        "look at ./concord plan list and try again in a few seconds."
    )


def undo_plan(database: Database, api: "AirflowApi", console: Console, *, plan_id: str, is_approved: bool) -> None:
    """Run the Dag that takes a plan back, to its end, and say what came of it."""
    with api, Board(console) as board:
        decide = (approve_at_once if is_approved else leave_to_person)(api, board)
        start_and_follow(api, board, UNDO, title=f"Undo {plan_id}", decide=decide, plan_id=plan_id)
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_INVERSE, (plan_id,)).fetchone()
    if found is not None:
        console.print(say_undo(found), markup=False, soft_wrap=True)


def say_undo(plan: Mapping[str, Any]) -> str:
    """What came of the plan that takes another one back."""
    planned, confirmed = int(plan["planned"]), int(plan["confirmed"])
    if plan["state"] == "declined":
        said = f"Declined by {plan['approved_by']}: nothing was taken back."
    elif not planned:
        said = "There is nothing to take back: nothing of it was written, or it was taken back before."
    else:
        said = f"{say_count(confirmed)} of {say_things(planned, 'change')} taken back."
        said += " Why each of the others was not is in the plan." if confirmed < planned else ""
    return f"{said} See ./concord plan show {str(plan['plan_id'])[:12]}"
