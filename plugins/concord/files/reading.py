"""Reads runs of a flat file: by the time they were made, each record once, nothing of a file that is not whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.files.assembling import Assembler
from concord.files.inspection import opened
from concord.files.layout import FileLayout
from concord.files.runs import Run, Terms, list_runs, read_terms, refuse_gaps
from concord.files.storage import Depot

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class FlatFiles:
    """All runs of one kind of file in some folders.

    `is_full` says that every run holds all records: only the newest counts, and a record does not tell its run, so
    that one that did not change stays the same. A page is `size` records of
    the file, and takes its turn.
    """

    layout: FileLayout
    folders: tuple[str, ...]
    is_full: bool = False
    size: int = 1000

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """The records of the runs that were made in the window, the oldest run first."""
        terms = read_terms(session, self.layout)
        with Depot(session) as depot:
            for run in self._choose(depot, terms, window):
                yield from self._read(depot, run, terms)

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The newest record for each key, or all records whose field has one of the values."""
        terms = read_terms(session, self.layout)
        field, key = resource.field(name), resource.field(resource.key)
        wanted, found, newer = set(values), dict[str, msgspec.Raw](), set[str]()
        with Depot(session) as depot:
            for run in reversed(self._choose(depot, terms, None)):
                of_run: dict[str, msgspec.Raw | None] = {}
                for record, raw in self._records(depot, run, terms):
                    is_wanted = _text(record, field.parts) in wanted
                    if is_wanted or name != resource.key:
                        of_run[str(_text(record, key.parts))] = raw if is_wanted else None
                found |= {mark: raw for mark, raw in of_run.items() if raw is not None and mark not in newer}
                newer |= of_run.keys()
                if name == resource.key and wanted <= newer:
                    break
        if found:
            yield list(found.values())

    def _records(self, depot: Depot, run: Run, terms: Terms) -> Iterator[tuple[dict[str, Any], msgspec.Raw]]:
        return ((_decode(raw), raw) for page in self._read(depot, run, terms) for raw in page)

    def _choose(self, depot: Depot, terms: Terms, window: Window | None) -> list[Run]:
        runs = list_runs(depot, self.layout, self.folders, terms)
        if self.is_full:
            return runs[-1:]
        refuse_gaps(runs, window, self.layout, terms)
        return [run for run in runs if run.touches(window)]

    def _read(self, depot: Depot, run: Run, terms: Terms) -> Iterator[Page]:
        with opened(depot, self.layout, run, terms) as whole:
            assembler = Assembler(self.layout, run, terms, tells_run=not self.is_full)
            for chunk in whole.chunks(self.layout.length, self.size):
                depot.session.take_turn()
                page = list(assembler.feed(chunk))
                if page:
                    yield page
            last = list(assembler.finish())
            if last:
                yield last


def _text(record: Any, parts: Sequence[str]) -> str | None:
    for part in parts:
        record = record.get(part) if isinstance(record, dict) else None
    return None if record is None else str(record)
