"""The files of a folder as runs, by the time and number in their names; copies of one run count once.

A name says `<FILE>_<day>_<time>_<run>.dat` in the host's own time; whatever follows the run marks a copy. Files
that are still on their way have another ending and are left alone.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from concord.contract import Session, Window
from concord.errors import BatchError, ConfigurationError
from concord.protocols.files.code_pages import find_code_page
from concord.protocols.files.depot import Depot
from concord.protocols.files.layout import FileLayout
from concord.protocols.files.storage import Entry

NAME = r"{file}_(?P<stamp>\d{{8}}_\d{{6}})_(?P<run>\d+)(?:_\w+)?\.dat"
STAMP = "%Y%m%d_%H%M%S"
_NOT_YET = re.compile(r"\.(part|tmp|filepart|swp)$", re.IGNORECASE)

_CLOCKS_DIFFER = timedelta(days=1)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a connection says about the host: its time zone, and the code page of a file.

    `settle_seconds` is the age from which a file that ends too early counts as damaged, not as still being
    written. `absent` are the numbers of runs that never came and never will.
    """

    zone: ZoneInfo
    code_page: str
    settle_seconds: float
    absent: frozenset[int]


def read_terms(session: Session, layout: FileLayout) -> Terms:
    """From the connection's extra fields; a `ConfigurationError` names a field that cannot be used."""
    connection, kind = session.connection, layout.name.lower()
    zone, seconds = connection.zone(), connection.number("settle_seconds", 300)
    absent = str(connection.extra.get(f"{kind}_absent_runs") or "")
    try:
        code_page = find_code_page(session.option(f"{kind}_code_page", layout.code_page))
    except LookupError as error:
        raise _unusable(connection.name, f"{kind}_code_page", str(error.args[0])) from error
    try:
        runs = frozenset(int(word) for word in absent.replace(",", " ").split())
    except ValueError as error:
        raise _unusable(connection.name, f"{kind}_absent_runs", "Write numbers of runs, with commas") from error
    return Terms(zone, code_page, seconds, runs)


def _unusable(connection: str, field: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f'The extra field "{field}" of connection "{connection}" cannot be used. {why} (Admin, Connections).',
        connection=connection,
        field=field,
    )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the host; `copies` are further files that say they are the same run.

    `made_at` is the time in its name, and `counts_at` the time by which it is older or newer than others: a file
    cannot have been made after it arrived.
    """

    number: int
    made_at: datetime
    entry: Entry
    copies: tuple["Run", ...] = ()

    @property
    def counts_at(self) -> datetime:
        """`made_at` in UTC, or when the file arrived where `made_at` is more than a day ahead of our own clock."""
        return self.entry.arrived_at if self.is_ahead else self.made_at.astimezone(UTC)

    @property
    def is_ahead(self) -> bool:
        """Whether the time in its name has not come yet, by its arrival and by our own clock."""
        return self.made_at > max(self.entry.arrived_at, datetime.now(UTC)) + _CLOCKS_DIFFER

    def touches(self, window: Window | None) -> bool:
        """Whether it was made within the window, or arrived in it, late or with a wrong time in its name."""
        return window is None or any(
            window.start <= moment < window.end for moment in (self.made_at, self.entry.arrived_at)
        )

    def is_repeated_in(self, window: Window | None) -> bool:
        """Whether a copy was made within the window, or arrived in it."""
        return any(copy.touches(window) for copy in self.copies)

    def is_repeated_after(self, moment: datetime) -> bool:
        """Whether a copy says that it was made after that."""
        return any(copy.counts_at > moment for copy in self.copies)


def list_runs(depot: Depot, layout: FileLayout, folders: Sequence[str], terms: Terms) -> list[Run]:
    """All runs of a kind of file, the oldest first, by the time in their names and not by their numbers.

    A sender may begin to count anew. Within the hour that comes twice in autumn the numbers say which is later.
    """
    pattern = re.compile(NAME.format(file=re.escape(layout.name)), re.IGNORECASE)
    found: dict[int, list[tuple[datetime, Entry]]] = {}
    for folder in folders:
        for entry in depot.list(folder):
            match = pattern.fullmatch(entry.name)
            if match:
                made_at = _read_stamp(match["stamp"], entry, terms.zone)
                found.setdefault(int(match["run"]), []).append((made_at, entry))
            elif "\\x" in entry.name or entry.name.upper().startswith(f"{layout.name.upper()}_"):
                _say_left_out(entry)
    runs = list(_tell_twin_hours_apart([_run_of(number, found[number]) for number in sorted(found)]))
    for run in runs:
        if run.is_ahead:
            _logger.warning(
                "The time in the name of a file has not come; its arrival counts. file=%s", run.entry.name
            )
    return sorted(runs, key=lambda run: (run.counts_at, run.number))


def _run_of(number: int, found: list[tuple[datetime, Entry]]) -> Run:
    ordered = sorted(found, key=lambda pair: (pair[0], len(pair[1].name), pair[1].name))
    return Run(number, *ordered[0], tuple(Run(number, *other) for other in ordered[1:]))


def _tell_twin_hours_apart(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs in the order of their numbers, with times in the hour that comes twice told apart by it."""
    latest: datetime | None = None
    for run in runs:
        made_at = run.made_at
        is_twin = made_at.utcoffset() != made_at.replace(fold=1).utcoffset()
        if is_twin and latest is not None and latest.date() == made_at.date() and made_at < latest:
            made_at = made_at.replace(fold=1)
        elif is_twin:
            latest = made_at
        yield replace(run, made_at=made_at)


def _read_stamp(text: str, entry: Entry, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=zone)
    except ValueError as error:
        raise BatchError(f"The file name {entry.name} holds no time; rename the file as agreed.") from error


def _say_left_out(entry: Entry) -> None:
    if _NOT_YET.search(entry.name):
        _logger.info("A file is still on its way and was left alone. file=%s", entry.name)
    elif "\\x" in entry.name:
        _logger.warning("The name of a file is not UTF-8, and the file was left alone. file=%s", entry.name)
    else:
        _logger.warning("A file has another name than agreed and was left alone. file=%s", entry.name)


def refuse_gaps(runs: Sequence[Run], window: Window | None, layout: FileLayout, terms: Terms) -> None:
    """A number that is missing before a run of the window: what it holds would never be read.

    `runs` are in the order in which they count; a lower number after a higher one says that the sender began anew.
    """
    for before, run in pairwise(runs):
        first = before.number + 1 if run.number > before.number else min(1, run.number)
        missing = [number for number in range(first, min(run.number, first + 1000)) if number not in terms.absent]
        if missing and run.touches(window):
            raise BatchError(
                f"Run {missing[0]} of {layout.name} is missing between {before.number} and {run.number} "
                f"({before.entry.name}, {run.entry.name}); have it sent, or name it in "
                f'"{layout.name.lower()}_absent_runs" of the connection if it never was.',
                run=missing[0],
            )


def choose_newest(runs: Sequence[Run]) -> list[Run]:
    """The newest run alone; a `BatchError` where times and numbers do not agree on which that is.

    A run of a lower number but a later time is the newest: the sender counts anew. But a run that arrived after
    it, with a higher number and an earlier time, says that the clock of the sender was set back.
    """
    if not runs:
        return []
    newest = runs[-1]
    for run in runs:
        is_later = run.entry.arrived_at > newest.entry.arrived_at + _CLOCKS_DIFFER
        if is_later and run.number > newest.number:
            raise BatchError(
                f"{run.entry.name} arrived after {newest.entry.name} and has a higher number, but an earlier time "
                "in its name; ask the host which is newer and move the other away.",
                run=run.number,
            )
        if is_later:
            _logger.warning(
                "A file arrived that is older than the one that is read. file=%s read=%s",
                run.entry.name,
                newest.entry.name,
            )
    return [newest]
