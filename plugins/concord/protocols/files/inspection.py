"""Checks a whole file before any record of it is used: header, trailer, counts and totals.

A file that fails is a `BatchError`; one that may still be growing is a `ServerError`, and is read later.
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, cast

from concord.errors import BatchError, ServerError
from concord.protocols.files.decoding import Decoder, decode_column, moment_of
from concord.protocols.files.depot import Depot
from concord.protocols.files.layout import FileLayout, RecordLayout, Total
from concord.protocols.files.runs import Run, Terms
from concord.protocols.files.storage import Entry

IN_MEMORY = 8 * 1024 * 1024
AT_ONCE = 4096
_CHUNK = 1 << 20
_FEW, _SHARE = 3, 0.01  # records of no known type that a file may hold; with more of them its layout has changed
_END_OF_FILE = b"\x1a"


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that passed: a copy of its bytes, how many records lie between header and trailer, and its run."""

    content: BinaryIO
    count: int
    run: Run

    def chunks(self, length: int, records: int) -> Iterator[bytes]:
        """The bytes between header and trailer, that many records at a time."""
        self.content.seek(length)
        left = self.count
        while left > 0:
            yield self.content.read(min(left, records) * length)
            left -= records


@contextmanager
def opened(depot: Depot, layout: FileLayout, run: Run, terms: Terms) -> Iterator[Whole]:
    """A copy of the file of a run that passed the checks; copies of the run must hold the same bytes."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        content = cast("BinaryIO", spooled)
        _fetch(depot, run.entry, content)
        for other in run.copies:
            _refuse_other(depot, run, content, other.entry)
        yield _check(content, layout, run, terms)


def _fetch(depot: Depot, entry: Entry, content: BinaryIO) -> None:
    depot.copy(entry, content)
    now = depot.look(entry)
    if (now.size, now.modified) != (entry.size, entry.modified) or content.seek(0, 2) != entry.size:
        raise ServerError(f"{entry.name} changed while it was read; it is still being written, try again later.")


def _refuse_other(depot: Depot, run: Run, content: BinaryIO, other: Entry) -> None:
    """A file of the same run must hold the same bytes."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        again = cast("BinaryIO", spooled)
        _fetch(depot, other, again)
        if _digest(again) != _digest(content):
            raise BatchError(
                f"{run.entry.name} and {other.name} both say they are run {run.number}, and differ; "
                "ask the host which is right and move the other away. If the host began to count anew, "
                "move the files of its earlier count away.",
                run=run.number,
            )


def _digest(content: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(_CHUNK):
        digest.update(piece)
    return digest.digest()


def _check(content: BinaryIO, layout: FileLayout, run: Run, terms: Terms) -> Whole:
    checker = _Checker(content, layout, run, terms)
    count = checker.count_records()
    checker.check_header()
    checker.check_between(count)
    return Whole(content, count, run)


class _Checker:
    """One file against its layout."""

    def __init__(self, content: BinaryIO, layout: FileLayout, run: Run, terms: Terms) -> None:
        self._content, self._layout, self._run, self._terms = content, layout, run, terms
        self._codes = {record.code.encode(terms.code_page): record for record in layout.records}

    def _refuse(self, why: str) -> BatchError:
        return BatchError(
            f"{self._run.entry.name} is refused as a whole: {why}; ask the host to send it again.",
            file=self._run.entry.name,
            run=self._run.number,
        )

    def _unfinished(self, why: str) -> BatchError | ServerError:
        """A file that ends too early: on its way if it is young, damaged if not."""
        if time.time() - self._run.entry.modified < self._terms.settle_seconds:
            return ServerError(
                f"{self._run.entry.name} is still being written ({why}); nothing of it was read, try again later."
            )
        return self._refuse(why)

    def _record_at(self, number: int, record: RecordLayout) -> dict[str, Any] | None:
        """The record of that number (from 0), None where it is of another type."""
        self._content.seek(number * self._layout.length)
        raw = self._content.read(self._layout.length)
        if raw[:1] != record.code.encode(self._terms.code_page):
            return None
        decoder = Decoder(record, self._terms.code_page, self._layout.length, self._terms.zone)
        found, flaws = decoder.decode(raw)
        if flaws:
            raise self._refuse(f"{', '.join(flaws[0])} of its record {record.code} cannot be read")
        return found[0]

    def count_records(self) -> int:
        """The records between header and trailer, by the file's length; what only marks the end is left out."""
        size, length = self._content.seek(0, 2), self._layout.length
        odd = size % length
        if odd:
            self._content.seek(size - odd)
            if self._content.read(odd).strip(_END_OF_FILE):
                raise self._unfinished(
                    f"its {size} bytes are no multiple of {length}: its last record is cut, or it was sent as text"
                )
        if size // length < 2:
            raise self._unfinished("it has no trailer")
        self._size = size - odd
        if self._record_at(self._size // length - 1, self._layout.envelope.trailer) is None:
            raise self._unfinished("it has no trailer")
        return self._size // length - 2

    def check_header(self) -> None:
        """The header must say what the name says."""
        envelope = self._layout.envelope
        header = self._record_at(0, envelope.header)
        if header is None:
            raise self._refuse("it has no header")
        said = (str(header[envelope.file]), header[envelope.run], str(header[envelope.version]))
        if said != (self._layout.name, self._run.number, self._layout.version):
            raise self._refuse(
                f"its header says {said[0]}, run {said[1]}, layout {said[2]}, and not {self._layout.name}, "
                f"run {self._run.number}, layout {self._layout.version}"
            )
        made_at = moment_of(header, envelope.made, self._terms.zone)
        if made_at != self._run.made_at:
            raise self._refuse("its header says another time than its name")

    def check_between(self, count: int) -> None:
        """Nearly every record has a known letter, and the trailer's count and totals are right."""
        length, envelope = self._layout.length, self._layout.envelope
        trailer = self._record_at(self._size // length - 1, envelope.trailer)
        unknown = 0
        sums: dict[Total, Decimal | None] = dict.fromkeys(self._layout.totals, Decimal(0))
        for chunk in Whole(self._content, count, self._run).chunks(length, AT_ONCE):
            unknown += self._count_unknown(chunk[::length])
            for total, so_far in sums.items():
                if so_far is not None:
                    sums[total] = add_up(so_far, total, chunk, layout=self._layout, terms=self._terms)
        if unknown > max(_FEW, count * _SHARE):
            raise self._refuse(f"{unknown} of its {count} records are of no known type")
        said = trailer[envelope.count] if trailer else None
        if said != count:
            raise self._refuse(f"its trailer counts {said} records, and there are {count}")
        for total, found in sums.items():
            stated = trailer[total.trailer_column] if trailer else None
            if found is not None and not unknown and Decimal(stated or 0) != found:
                raise self._refuse(f"the total {total.trailer_column} of its trailer is not that of its records")

    def _count_unknown(self, letters: bytes) -> int:
        """How many records are of no known type; each of them is set aside alone."""
        unknown = len(letters) - sum(letters.count(code) for code in self._codes)
        if not unknown:
            return 0
        for record, why in (
            (self._layout.envelope.header, "it holds a second header: two runs were put into one file"),
            (self._layout.envelope.trailer, "it holds a second trailer"),
        ):
            if record.code.encode(self._terms.code_page) in letters:
                raise self._refuse(why)
        return unknown


def add_up(so_far: Decimal, total: Total, chunk: bytes, *, layout: FileLayout, terms: Terms) -> Decimal | None:
    """The sum with the records of one chunk; None where one cannot be read, for then there is no sum."""
    column, length = layout.record(total.code).column(total.column), layout.length
    letter = total.code.encode(terms.code_page)[0]
    cells = [
        chunk[number * length + column.first - 1 : number * length + column.last]
        for number, found in enumerate(chunk[::length])
        if found == letter
    ]
    values, unreadable = decode_column(column, cells, terms.code_page) if cells else ([], [])
    return None if unreadable else so_far + sum(Decimal(value) for value in values if value is not None)
