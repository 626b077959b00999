"""Replays dead letters through Airflow, and prints what became of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.dag_runs import start_and_follow
from concord.cli.dead_letter_views import say_key
from concord.cli.progress import Board
from concord.dag_ids import REPLAY
from concord.installed import COMMAND
from concord.reporting.words import say_time
from concord.store.engine import PLANNER, Database
from concord.store.ledger.dead_letters import choose_dead_letters, read_dead_letters
from concord.wording import say_things

if TYPE_CHECKING:
    from concord.local.airflow_api import AirflowApi

DeadLetter = Mapping[str, object]

SHORT = 8
NAMED = 5


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """The dead letters to replay (none named means all that are open), and whether to read their records first."""

    ids: Sequence[str]
    system: str | None
    is_reading: bool


def replay_dead_letters(
    database: Database, open_api: Callable[[], "AirflowApi"], console: Console, request: ReplayRequest
) -> bool:
    """Replay dead letters through Airflow; True when none of them is still refused."""
    if request.system is not None:
        registry.system(request.system)
    with database.transaction(PLANNER) as connection:
        chosen = choose_dead_letters(connection, request.ids, system=request.system)
        letters = read_dead_letters(connection, [letter for ids in chosen.values() for letter in ids])
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
    with database.transaction(PLANNER) as connection:
        judged = read_dead_letters(connection, ids)
    return show_outcome(console, judged, is_reading=request.is_reading)


def is_settled(letter: DeadLetter) -> bool:
    """Whether a replay has nothing to do: the record passed before, or its change waits for the next plan."""
    return letter["state"] == "resolved" or (letter["stage"] == "apply" and letter["state"] == "replayed")


def show_outcome(console: Console, letters: Sequence[DeadLetter], *, is_reading: bool) -> bool:
    """Print what became of each dead letter and what to do next; True when none is still refused."""
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
        console.print(f"{say_things(len(released), 'refused change')} {verb} proposed again by the next plan.")
    if refused:
        verb = "is" if len(refused) == 1 else "are"
        console.print(f"{say_things(len(refused), 'record')} {verb} still refused:")
        console.print(_list(refused))
        console.print(_advise(refused, is_reading=is_reading), markup=False)
    return not refused


def _list(letters: Iterable[DeadLetter]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(overflow="fold")
    for letter in letters:
        reason = "" if letter["state"] == "resolved" else str(letter["message"])
        name = f"  {str(letter['dead_letter_id'])[:SHORT]}"
        table.add_row(name, f"{letter['system']} {letter['resource']}", say_key(letter), reason)
    return table


def _advise(refused: Sequence[DeadLetter], *, is_reading: bool) -> str:
    if is_reading:
        return "Judged as the systems have them now. Correct them there, then try again."
    ids = " ".join(str(letter["dead_letter_id"])[:SHORT] for letter in refused) if len(refused) <= NAMED else ""
    return (
        "Judged as received. What you corrected in its system is read by the next night, or now:\n"
        f"  {COMMAND} dead-letters replay --read {ids}".rstrip()
    )


def _say_settled(letter: DeadLetter) -> str:
    name = f"{str(letter['dead_letter_id'])[:SHORT]} ({letter['system']} {letter['resource']})"
    if letter["state"] != "resolved":
        return f"{name}: the next plan proposes the change again already; nothing to do."
    seen = letter["last_seen_at"]
    since = f" since {say_time(seen)} UTC" if isinstance(seen, datetime) else ""
    return f"{name}: settled{since}; nothing to do."
