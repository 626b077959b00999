"""Reads the runs of a flat file by the time they were made or arrived; a file that is not whole is not read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Field, Page, Resource, Session, Window
from concord.protocols.describing import NotDescribed
from concord.protocols.files.assembling import Assembler
from concord.protocols.files.depot import Depot
from concord.protocols.files.inspection import opened
from concord.protocols.files.layout import FileLayout
from concord.protocols.files.runs import Run, Terms, choose_newest, list_runs, read_terms, refuse_gaps
from concord.protocols.reading import keys_in
from concord.protocols.values import Record, value_at

_decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode


@dataclass(frozen=True, slots=True)
class FlatFiles(NotDescribed):
    """All runs of one kind of file in some folders.

    `is_full` says that every run holds all records: then only the newest run counts, and a record does not name
    its run, so that one that did not change stays the same. A page is made of `size` records of the file, and
    waits for the rate limit. `with_bytes` gives each record the bytes that it is made of, for who writes it anew.
    """

    layout: FileLayout
    folders: tuple[str, ...]
    is_full: bool = False
    size: int = 1000
    with_bytes: bool = False

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """The records of the runs that were made in the window or arrived in it, the oldest run first."""
        terms = read_terms(session, self.layout)
        with Depot(session) as depot:
            for run in self._choose(depot, terms, window):
                yield from self._read(depot, run, terms)

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, each read as a whole."""
        return keys_in(resource, self.read_window(session, resource, None))

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
                    is_wanted = _text(record, field) in wanted
                    if is_wanted or name != resource.key:
                        of_run[str(_text(record, key))] = raw if is_wanted else None
                found |= {mark: raw for mark, raw in of_run.items() if raw is not None and mark not in newer}
                newer |= of_run.keys()
                if name == resource.key and wanted <= newer:
                    break
        if found:
            yield list(found.values())

    def _records(self, depot: Depot, run: Run, terms: Terms) -> Iterator[tuple[dict[str, Any], msgspec.Raw]]:
        return ((_decode(raw), raw) for page in self._read(depot, run, terms) for raw in page)

    def _choose(self, depot: Depot, terms: Terms, window: Window | None) -> list[Run]:
        """The runs to read, the oldest first; a copy of another run must say the same as that run."""
        runs = list_runs(depot, self.layout, self.folders, terms)
        if self.is_full:
            chosen = choose_newest(runs)
            repeated = [run for run in runs if chosen and run.is_repeated_after(chosen[0].counts_at)]
        else:
            refuse_gaps(runs, window, self.layout, terms)
            chosen = [run for run in runs if run.touches(window)]
            repeated = [run for run in runs if run.is_repeated_in(window)]
        for run in repeated:
            if run not in chosen:
                with opened(depot, self.layout, run, terms):
                    pass  # opening compares the copies
        return chosen

    def _read(self, depot: Depot, run: Run, terms: Terms) -> Iterator[Page]:
        with opened(depot, self.layout, run, terms) as whole:
            about = None if self.is_full else run
            assembler = Assembler(self.layout, about, terms, with_bytes=self.with_bytes)
            for chunk in whole.chunks(self.layout.length, self.size):
                depot.session.wait_for_rate_limit()
                page = list(assembler.feed(chunk))
                if page:
                    yield page
            last = list(assembler.finish())
            if last:
                yield last


def _text(record: Record, field: Field) -> str | None:
    value = value_at(record, field)
    return None if value is None else str(value)
