"""What the verbs about single records show and do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import LiteralString

from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table
from rich.text import Text

from concord import registry
from concord.errors import ConfigurationError
from concord.reporting.words import say_age, say_things, say_time
from concord.stages.lookups import find_letter
from concord.store.engine import PLANNER, Database

Row = dict[str, object]

STATES = {"resolved": "settled", "replayed": "offered again"}

_COLUMNS: LiteralString = """
    select dead_letter_id, stage, system, resource, record_key, error_class, message, attempts, state,
        batch_id, change_id, first_seen_at, last_seen_at, payload
    from ops.dead_letters
"""
_LIST: LiteralString = (
    _COLUMNS
    + """
    where (state = 'open' or %(everything)s) and (%(system)s::text is null or system = %(system)s)
    order by system, resource, message, first_seen_at, dead_letter_id
"""
)
_SHOW: LiteralString = _COLUMNS + " where dead_letter_id = %(letter)s"


def show_dead_letters(database: Database, console: Console, *, system: str | None, everything: bool) -> None:
    """One line each, those of one reason together."""
    if system is not None:
        registry.system(system)
    letters = _read(database, _LIST, {"everything": everything, "system": system})
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
    console.print(f"\n{say_things(len(letters), 'dead letter')}. ./concord dead-letters show ID has the record.")


def say_key(letter: Mapping[str, object]) -> str:
    """The vendor's key where room is short: what stands behind its last slash."""
    return str(letter["record_key"] or "–").rsplit("/", 1)[-1]


def show_dead_letter(database: Database, console: Console, prefix: str) -> None:
    """Everything that is kept about one dead letter."""
    letter_id, *_ = find_letter(database, prefix)
    (letter,) = _read(database, _SHOW, {"letter": letter_id})
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in letter.items():
        if name != "payload" and value is not None:
            said = f"{say_time(value)} UTC" if isinstance(value, datetime) else str(value)
            table.add_row(name.replace("_", " "), said)
    console.print(table)
    payload = str(letter["payload"] or "")
    if payload:
        console.print("\nAs it was received:")
        console.print(_pretty(payload), markup=False)
    console.print(f"\n{_say_next(letter)}", markup=False, soft_wrap=True)


def _say_next(letter: Row) -> str:
    system, replay = letter["system"], f"./concord dead-letters replay {str(letter['dead_letter_id'])[:8]}"
    if letter["state"] == "resolved":
        return f"It is settled; ./concord trace {system} '{letter['record_key']}' shows how."
    if letter["stage"] == "apply":
        return (
            f"{system} refused this change. Once the cause is gone, let the next plan offer it again: {replay}"
            if letter["state"] == "open"
            else "The next plan offers this change again."
        )
    return (
        f"Correct it in {system}: the next night reads it and settles this, or now: {replay} --read\n"
        f"If the rule was wrong, change expectations/{system}/{letter['resource']}.json, then: {replay}"
    )


def show_trace(database: Database, console: Console, *, system: str, key: str) -> None:
    """The hops of one record, oldest first."""
    from concord.stages.trace import trace

    hops = trace(database, system=registry.system(system), key=key)
    if not hops:
        raise ConfigurationError(f"Nothing is known of {key!r} in {system}; give the key as {system} spells it.")
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


def _read(database: Database, query: LiteralString, values: Row) -> list[Row]:
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        return payload
