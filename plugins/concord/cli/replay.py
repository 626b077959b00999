"""What ./concord dead-letters replay does: a run of the Dag replay, and what became of each letter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, LiteralString

from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.follow import start_and_follow
from concord.cli.progress import Board
from concord.cli.record_views import say_key
from concord.reporting.words import say_things, say_time
from concord.stages.lookups import choose_letters
from concord.store.engine import PLANNER, Database

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi

Letter = Mapping[str, object]

REPLAY = "replay"
SHORT = 8
NAMED = 5
_STATES: LiteralString = """
    select dead_letter_id, stage, system, resource, record_key, message, state, last_seen_at
    from ops.dead_letters where dead_letter_id = any(%s)
    order by system, resource, message, dead_letter_id
"""


@dataclass(frozen=True, slots=True)
class Request:
    """Which letters are meant, none named being all that are open, and whether to read their records first."""

    ids: Sequence[str]
    system: str | None
    is_reading: bool


def replay_letters(
    database: Database, open_api: Callable[[], "AirflowApi"], console: Console, request: Request
) -> bool:
    """Replay them through Airflow; True when nothing of it is still refused."""
    if request.system is not None:
        registry.system(request.system)
    chosen = choose_letters(database, request.ids, system=request.system)
    letters = read_letters(database, [letter for ids in chosen.values() for letter in ids])
    waiting = [letter for letter in letters if not is_settled(letter)]
    for letter in letters:
        if is_settled(letter):
            console.print(_say_settled(letter), markup=False)
    if not letters:
        of = f" of {request.system}" if request.system else ""
        console.print(f"There is nothing to replay: no dead letter{of} is open.")
    if not waiting:
        return True
    ids = [str(letter["dead_letter_id"]) for letter in waiting]
    with open_api() as api, Board(console) as board:
        start_and_follow(
            api,
            board,
            REPLAY,
            title=f"Replay {say_things(len(ids), 'dead letter')}",
            dead_letter_ids=ids if request.ids else [],
            system=request.system,
            read=request.is_reading,
        )
    judged = read_letters(database, ids)
    return show_outcome(console, judged, is_reading=request.is_reading)


def read_letters(database: Database, ids: Sequence[str]) -> list[Letter]:
    """These letters as they stand now."""
    with database.transaction(PLANNER) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(_STATES, (list(ids),)).fetchall())


def is_settled(letter: Letter) -> bool:
    """Whether a replay would have no effect: it passed before, or its change waits for the next plan already."""
    return letter["state"] == "resolved" or (letter["stage"] == "apply" and letter["state"] == "replayed")


def show_outcome(console: Console, letters: Sequence[Letter], *, is_reading: bool) -> bool:
    """What became of each letter and what to do next; True when none is still refused."""
    released = [letter for letter in letters if letter["stage"] == "apply"]
    judged = [letter for letter in letters if letter["stage"] != "apply"]
    passed = [letter for letter in judged if letter["state"] == "resolved"]
    refused = [letter for letter in judged if letter["state"] != "resolved"]
    if passed:
        verb = "takes" if len(passed) == 1 else "take"
        console.print(f"{say_things(len(passed), 'record')} passed and {verb} part in the next night:")
        console.print(_list(passed))
    if released:
        verb = "is" if len(released) == 1 else "are"
        console.print(f"{say_things(len(released), 'refused change')} {verb} offered again by the next plan.")
    if refused:
        verb = "is" if len(refused) == 1 else "are"
        console.print(f"{say_things(len(refused), 'record')} {verb} still refused:")
        console.print(_list(refused))
        console.print(_advise(refused, is_reading=is_reading), markup=False)
    return not refused


def _list(letters: Iterable[Letter]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(overflow="fold")
    for letter in letters:
        reason = "" if letter["state"] == "resolved" else str(letter["message"])
        name = f"  {str(letter['dead_letter_id'])[:SHORT]}"
        table.add_row(name, f"{letter['system']} {letter['resource']}", say_key(letter), reason)
    return table


def _advise(refused: Sequence[Letter], *, is_reading: bool) -> str:
    if is_reading:
        return "Judged as the systems have them now. Correct them there, then try again."
    ids = " ".join(str(letter["dead_letter_id"])[:SHORT] for letter in refused) if len(refused) <= NAMED else ""
    return (
        "Judged as received. What you corrected in its system is read by the next night, or now:\n"
        f"  ./concord dead-letters replay --read {ids}".rstrip()
    )


def _say_settled(letter: Letter) -> str:
    name = f"{str(letter['dead_letter_id'])[:SHORT]} ({letter['system']} {letter['resource']})"
    if letter["state"] != "resolved":
        return f"{name}: the change is offered again by the next plan already; nothing to do."
    seen = letter["last_seen_at"]
    since = f" since {say_time(seen)} UTC" if isinstance(seen, datetime) else ""
    return f"{name}: settled{since}; nothing to do."
