"""Shows dead letters, and the way of one record through all steps."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from concord import registry
from concord.installed import COMMAND
from concord.reporting.words import say_age, say_time
from concord.store.engine import PLANNER, Database, Row
from concord.store.ledger.dead_letters import find_dead_letter, list_dead_letters, read_dead_letters
from concord.wording import say_things

STATES = {"resolved": "settled", "replayed": "to be planned again"}


def show_dead_letters(database: Database, console: Console, *, system: str | None, everything: bool) -> None:
    """Print one line for each dead letter, those with the same reason together."""
    if system is not None:
        registry.system(system)
    with database.transaction(PLANNER) as connection:
        letters = list_dead_letters(connection, system=system, is_all=everything)
    if not letters:
        console.print("There are no dead letters: every record that was read is in the warehouse.")
        return
    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("system", no_wrap=True)
    table.add_column("resource", no_wrap=True)
    table.add_column("record", overflow="fold")
    table.add_column("reason", overflow="fold")
    table.add_column("age", no_wrap=True)
    if everything:
        table.add_column("state", no_wrap=True)
    for letter in letters:
        row = [str(letter["dead_letter_id"])[:8], str(letter["system"]), str(letter["resource"]), say_key(letter)]
        row += [str(letter["message"]), say_age(_moment(letter["first_seen_at"]), now)]
        state = str(letter["state"])
        table.add_row(*row, *([STATES.get(state, state)] if everything else []))
    console.print(table)
    console.print(f"\n{say_things(len(letters), 'dead letter')}. {COMMAND} dead-letters show ID has the record.")


def say_key(letter: Mapping[str, object]) -> str:
    """The vendor's key, shortened to the part after its last slash; a dash where the dead letter has no key."""
    return str(letter["record_key"] or "–").rsplit("/", 1)[-1]


def show_dead_letter(database: Database, console: Console, prefix: str) -> None:
    """Print all that is stored about one dead letter, and what to do about it."""
    with database.transaction(PLANNER) as connection:
        letter_id, *_ = find_dead_letter(connection, prefix)
        (letter,) = read_dead_letters(connection, [letter_id])
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in letter.items():
        if name != "payload" and value is not None:
            text = f"{say_time(value)} UTC" if isinstance(value, datetime) else str(value)
            table.add_row(name.replace("_", " "), text)
    console.print(table)
    payload = str(letter["payload"] or "")
    if payload:
        console.print("\nAs it was received:")
        console.print(_pretty(payload), markup=False)
    console.print(f"\n{_say_next(letter)}", markup=False, soft_wrap=True)


def _say_next(letter: Row) -> str:
    system, replay = letter["system"], f"{COMMAND} dead-letters replay {str(letter['dead_letter_id'])[:8]}"
    if letter["state"] == "resolved":
        return f"It is settled; {COMMAND} trace {system} '{letter['record_key']}' shows how."
    if letter["stage"] == "apply":
        return (
            f"{system} refused this change. Once the cause is gone, let the next plan propose it again: {replay}"
            if letter["state"] == "open"
            else "The next plan proposes this change again."
        )
    return (
        f"Correct it in {system}: the next night reads it and settles this, or now: {replay} --read\n"
        f"If the rule was wrong, change expectations/{system}/{letter['resource']}.json, then: {replay}"
    )


def show_trace(database: Database, console: Console, *, system: str, key: str) -> None:
    """Print every step that one record went through, the oldest first; ConfigurationError when it is unknown."""
    from concord.reporting.trace import resolve_key, say_dropped, trace

    declared = registry.system(system)
    found = resolve_key(database, system=declared, text=key)
    hops = trace(database, system=declared, key=found)
    if found != key:
        console.print(f"{found} in {system}\n", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("step", no_wrap=True)
    table.add_column("what became of it", overflow="fold")
    for hop in hops:
        reference = f"  {hop.batch_or_plan[:12]}" if hop.batch_or_plan else ""
        text = Text.assemble(hop.what, (reference, "dim"))
        if hop.detail:
            text.append(f"\n{hop.detail}", style="dim")
        table.add_row(f"{hop.at:%Y-%m-%d %H:%M:%S}" if hop.at else "–", hop.stage, text)
    console.print(table)
    if gone := say_dropped(database):
        console.print(f"\n{gone}")


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload
