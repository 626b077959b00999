"""A plan as a page for the person who approves it: how much of what, then the changes themselves.

It stands beside approve and not in `reporting`, because a person's approval is of what this page shows.
"""

import json
import unicodedata
from collections.abc import Iterator, Sequence

from concord.installed import COMMAND
from concord.store.engine import PLANNER, Connection, Database, Row
from concord.store.ledger.plan_contents import count_by_field, list_changes
from concord.store.ledger.plans import Plan, load_plan

SHOWN = 50
WIDTH = 48
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def render_plan(database: Database, plan_id: str) -> str:
    """The plan as Markdown, with its first changes; `ConfigurationError` when there is none of that id.

    Values of records are shown as code, so that none of them can act as markup.
    """
    with database.transaction(PLANNER) as connection:
        plan = load_plan(connection, plan_id)
        return "\n".join(_lines(connection, plan)) + "\n"


def _lines(connection: Connection, plan: Plan) -> Iterator[str]:
    count = f"{plan.planned} change{'' if plan.planned == 1 else 's'}"
    takes_back = f", which takes back plan {_code(plan.undoes_plan_id)}" if plan.undoes_plan_id else ""
    yield f"## {count} for {_code(plan.system)}"
    yield ""
    state = "waiting for approval" if plan.state == "planned" and plan.needs_approval else plan.state
    yield f"Plan {_code(plan.plan_id)} is **{state}**{takes_back}."
    if plan.needs_approval:
        yield f"A person decides, because: {_text(plan.approval_reason)}"
    counts = count_by_field(connection, plan.plan_id)
    if not counts:
        yield "Nothing would be written."
        return
    totals = [[*map(_code, (row["resource"], row["action"], row["name"])), str(row["count"])] for row in counts]
    yield from _table(("resource", "action", "field", "values"), totals)
    rows = list_changes(connection, plan.plan_id, SHOWN)
    names = ("#", "resource", "record", "action", "field", "before", "after", "reason", "only while")
    yield from _table(names, [cells for row in rows for cells in _fields_of(row)])
    if plan.planned > len(rows):
        yield f"\n… and {plan.planned - len(rows)} more; {COMMAND} plan show {plan.plan_id} lists all."


def _fields_of(row: Row) -> Iterator[list[str]]:
    """One line per field; what is said of the change as a whole stands in its first line."""
    before, after = row["before"], row["after"]
    said = f"{_text(row['reason'])} {_text(row['message']) if row['state'] == 'held' else ''}".strip()
    guards = ", ".join(f"{_code(name)} is {_code(value)}" for name, value in row["guard"].items())
    record = row["entity_id"] if row["record_key"] is None else row["record_key"]
    for number, name in enumerate(sorted(after or before)):
        cells = [_shown(before, name), _shown(after, name)]
        if number == 0:
            change = [str(row["sequence"]), _code(row["resource"]), _code(record), _code(row["action"])]
            yield [*change, _code(name), *cells, said, guards]
        else:
            yield ["", "", "", "", _code(name), *cells, "", ""]


def _shown(values: dict[str, object], name: str) -> str:
    if name not in values:
        return ""
    return "*empty*" if values[name] is None else _code(values[name])


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def _code(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"`{_plain(text) or ' '}`"


def _text(value: object) -> str:
    """A sentence: markup in it is shown, not obeyed."""
    plain = _plain(str(value), width=400)
    return "".join(f"\\{letter}" if letter in "\\*_[]<>()#!~&$" else letter for letter in plain)


def _plain(text: str, width: int = WIDTH) -> str:
    """One short line without control or invisible characters, backticks and bars."""
    seen = (" " if unicodedata.category(letter) in UNSEEN else letter for letter in text)
    line = " ".join("".join(seen).replace("`", "'").replace("|", "¦").split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
