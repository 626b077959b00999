"""Which files there are: runs by number and time, told by their names; copies of one run count once.

A name says `<FILE>_<day>_<time>_<run>.dat` in the host's own time; whatever follows the run marks a copy. Files
that are still on their way have another ending and are left alone.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from concord.contract import Session, Window
from concord.errors import BatchError, ConfigurationError
from concord.files.layout import FileLayout
from concord.files.storage import Depot, Entry

NAME = r"{file}_(?P<stamp>\d{{8}}_\d{{6}})_(?P<run>\d+)(?:_\w+)?\.dat"
STAMP = "%Y%m%d_%H%M%S"
_NOT_YET = re.compile(r"\.(part|tmp|filepart|swp)$", re.IGNORECASE)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a connection may say about the host: its time zone, the code page of a file, how long a write rests.

    `absent` are runs that never came and never will.
    """

    zone: ZoneInfo
    code_page: str
    settle_seconds: float
    absent: frozenset[int]


def read_terms(session: Session, layout: FileLayout) -> Terms:
    """From the connection's extra fields."""
    name = session.connection.name
    page = f"{layout.name.lower()}_code_page"
    absent = str(session.connection.extra.get(f"{layout.name.lower()}_absent_runs") or "")
    zone, seconds = session.connection.zone(), session.connection.number("settle_seconds", 300)
    code_page = session.option(page, layout.code_page)
    try:
        "".encode(code_page)
        runs = frozenset(int(word) for word in absent.replace(",", " ").split())
        return Terms(zone, code_page, seconds, runs)
    except (LookupError, ValueError) as error:
        raise ConfigurationError(
            f'An extra field of connection "{name}" cannot be read: {page} or '
            f"{layout.name.lower()}_absent_runs; correct it in Airflow (Admin, Connections).",
            connection=name,
        ) from error


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the host; `copies` are further files that say they are the same run."""

    number: int
    made_at: datetime
    entry: Entry
    copies: tuple[Entry, ...] = ()

    def touches(self, window: Window | None) -> bool:
        """Whether it was made within the window."""
        return window is None or window.start <= self.made_at < window.end


def list_runs(depot: Depot, layout: FileLayout, folders: Sequence[str], terms: Terms) -> list[Run]:
    """All runs of a kind of file in the order of their numbers, which no change of the clocks can upset."""
    pattern = re.compile(NAME.format(file=re.escape(layout.name)), re.IGNORECASE)
    found: dict[int, list[tuple[datetime, Entry]]] = {}
    for folder in folders:
        for entry in depot.list(folder):
            match = pattern.fullmatch(entry.name)
            if match:
                made_at = _read_stamp(match["stamp"], entry, terms.zone)
                found.setdefault(int(match["run"]), []).append((made_at, entry))
            elif entry.name.upper().startswith(f"{layout.name.upper()}_"):
                _say_left_out(entry)
    return [_run_of(number, found[number]) for number in sorted(found)]


def _run_of(number: int, found: list[tuple[datetime, Entry]]) -> Run:
    ordered = sorted(found, key=lambda pair: (pair[0], len(pair[1].name), pair[1].name))
    return Run(number, *ordered[0], tuple(entry for _, entry in ordered[1:]))


def _read_stamp(text: str, entry: Entry, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=zone)
    except ValueError as error:
        raise BatchError(f"The name of {entry.name} holds no time; rename it as it was agreed.") from error


def _say_left_out(entry: Entry) -> None:
    if _NOT_YET.search(entry.name):
        _logger.info("A file is still on its way and was left alone. file=%s", entry.name)
    else:
        _logger.warning("A file has another name than agreed and was left alone. file=%s", entry.name)


def refuse_gaps(runs: Sequence[Run], window: Window | None, layout: FileLayout, terms: Terms) -> None:
    """A number that is missing before a run of the window: what it holds would never be read."""
    numbers = sorted(run.number for run in runs)
    asked = {run.number for run in runs if run.touches(window)}
    for before, after in pairwise(numbers):
        missing = [number for number in range(before + 1, min(after, before + 1001)) if number not in terms.absent]
        if missing and after in asked:
            raise BatchError(
                f"Run {missing[0]} of {layout.name} is missing between {before} and {after}; have it sent, or "
                f'name it in "{layout.name.lower()}_absent_runs" of the connection if it never was.',
                run=missing[0],
            )
