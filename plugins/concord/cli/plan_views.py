"""Shows plans: the list of the newest, and one with the values before and after of every change."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.reporting.words import say_time
from concord.store.engine import PLANNER, Database
from concord.store.ledger import plans
from concord.store.ledger.plan_contents import list_changes
from concord.wording import say_count, say_things

UNDO_PURPOSE = "undo"
WAITING = "waits for approval"
STATE_STYLES = {
    "confirmed": "green",
    "rejected": "red",
    "unknown": "red",
    "conflicted": "yellow",
    "held": "yellow",
}


def complete_plan_id(database: Database, prefix: str) -> str:
    """The id of the one plan whose id begins with `prefix`; ConfigurationError when there is none or several."""
    with database.transaction(PLANNER) as connection:
        found = plans.find_plan_ids(connection, prefix)
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(f"More than one plan begins with {prefix!r}; give more of its id.")
    raise ConfigurationError(f"There is no plan {prefix!r}; {COMMAND} plan list shows those there are.")


def show_plans(database: Database, console: Console, *, limit: int) -> None:
    """Print the newest plans, one line each."""
    with database.transaction(PLANNER) as connection:
        newest = plans.list_plans(connection, limit)
    if not newest:
        console.print("No plan was made yet; the first one follows the first night.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("plan", "made (UTC)", "system", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("planned", "conf.", "other"):
        table.add_column(name, justify="right", no_wrap=True)
    for plan in newest:
        name = f"{plan.system} (undo)" if plan.purpose == UNDO_PURPOSE else plan.system
        others = plan.rejected + plan.conflicted + plan.unknown + plan.held
        numbers = (say_count(number) for number in (plan.planned, plan.confirmed, others))
        table.add_row(plan.plan_id[:12], say_time(plan.created_at), name, say_state(plan), *numbers)
    console.print(table)


def show_plan(database: Database, console: Console, *, plan_id: str) -> None:
    """Print a plan with all of its changes: the values before and after of every field, and its state."""
    with database.transaction(PLANNER) as connection:
        plan = plans.load_plan(connection, plan_id)
        changes = list_changes(connection, plan_id)
    undone = f", which takes back plan {plan.undoes_plan_id[:12]}" if plan.undoes_plan_id else ""
    console.print(Text(f"{say_things(plan.planned, 'change')} for {plan.system}{undone}", style="bold"))
    state = say_state(plan)
    console.print(f"Plan {plan_id} {state}, made {say_time(plan.created_at)} UTC", markup=False)
    decided = "Declined" if plan.state == "declined" else "Approved"
    for reason in (plan.approval_reason, plan.approved_by and f"{decided} by {plan.approved_by}"):
        if reason:
            console.print(reason, markup=False)
    if state == WAITING:
        console.print(f"Decide with {COMMAND} approve {plan_id[:12]} or {COMMAND} decline {plan_id[:12]}")
    if len(changes) < plan.planned and plan.state in ("applied", "declined"):
        console.print(f"{say_things(plan.planned - len(changes), 'change')} of it are no longer kept.")
    for change in changes:
        console.print(render_change(change))


def say_state(plan: plans.Plan) -> str:
    """The state of a plan in words that follow its name."""
    return WAITING if plan.state == "planned" and plan.needs_approval else plan.state


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
        was = "" if change["action"] == "create" else f"{_say_value(before)} → "
        value = Text(was, style="dim")
        table.add_row(name, value.append(_say_value(after), style="not dim"))
    return Group(title, *(Padding(line, (0, 0, 0, 2)) for line in (*lines, table)))


def _say_value(value: object) -> str:
    """A value of a change; a document as JSON."""
    if value is None:
        return "empty"
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
