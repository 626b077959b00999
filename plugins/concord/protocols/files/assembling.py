"""Makes JSON records of the records of a file: lines lie within their order, and defects are named.

A record with a cell that cannot be read keeps all other cells, names that one in `defects`, and holds its own
bytes in `bytes`, so that only this record is quarantined and can be seen as it came.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from concord.protocols.files.decoding import Decoder, Flaws, write_utc
from concord.protocols.files.layout import FileLayout, RecordLayout
from concord.protocols.files.runs import Run, Terms

Record = dict[str, Any]
DEFECTS, BYTES, RUN = "defects", "bytes", "run"
_encode = msgspec.json.Encoder().encode


class Assembler:
    """Turns the chunks of one file into JSON records, in their order; each names its `run`, if that is given.

    `with_bytes` gives each record its own `bytes`, also where all of it can be read: those of the record and of
    each that belongs to it, in the order of the file.
    """

    def __init__(self, layout: FileLayout, run: Run | None, terms: Terms, *, with_bytes: bool = False) -> None:
        self._layout, self._with_bytes = layout, with_bytes
        self._about = (
            {"number": run.number, "made_at": write_utc(run.counts_at), "file": run.entry.name} if run else None
        )
        self._decoders = {
            record.code.encode(terms.code_page)[0]: Decoder(record, terms.code_page, layout.length, terms.zone)
            for record in layout.records
        }
        self._number = 0
        self._open: _Family | None = None

    def feed(self, chunk: bytes) -> Iterator[msgspec.Raw]:
        """The records that are complete with this chunk."""
        for record in self._assemble(chunk):
            yield msgspec.Raw(_encode(record))

    def finish(self) -> Iterator[msgspec.Raw]:
        """The record that was still open."""
        if self._open is not None:
            yield msgspec.Raw(_encode(self._open.close()))
            self._open = None

    def _assemble(self, chunk: bytes) -> Iterator[Record]:
        length = self._layout.length
        letters = chunk[::length]
        known = set(letters).intersection(self._decoders)
        decoded = {letter: self._decode(letter, letters, chunk) for letter in known}
        for number, letter in enumerate(letters):
            raw = chunk[number * length : (number + 1) * length]
            if letter not in known:
                yield from self._add_unknown(raw)
                continue
            values, flaws, positions = decoded[letter]
            at = positions[number]
            family = self._add(self._decoders[letter].layout, values[at], flaws.get(at, []), raw)
            if family is not None:
                yield family.close()

    def _decode(self, letter: int, letters: bytes, chunk: bytes) -> tuple[list[Record], Flaws, dict[int, int]]:
        """All records of one type in the chunk, and the position among them by the number in the chunk."""
        length = self._layout.length
        numbers = [number for number, found in enumerate(letters) if found == letter]
        rows = (
            chunk
            if len(numbers) == len(letters)
            else b"".join([chunk[number * length : (number + 1) * length] for number in numbers])
        )
        values, flaws = self._decoders[letter].decode(rows)
        return values, flaws, dict(zip(numbers, range(len(numbers)), strict=True))

    def _add(self, layout: RecordLayout, values: Record, flaws: list[str], raw: bytes) -> "_Family | None":
        """Take one record in; returns the family that is complete by that, None where there is none."""
        self._number += 1
        if layout.belongs is None:
            complete, self._open = self._open, self._begin(layout, values)
            self._open.note(layout, flaws, raw)
            return complete
        if self._open is None or self._open.layout.code != layout.belongs.parent:
            self._open = self._open or self._begin(layout, {})
            self._open.defects.append(
                {"record": layout.code, "column": "", "why": "belongs to no record before it"}
            )
        self._open.add(layout, values)
        self._open.note(layout, flaws, raw)
        return None

    def _add_unknown(self, raw: bytes) -> Iterator[Record]:
        """A record of no known type becomes one of its own, and may be missing in the one before it."""
        self._number += 1
        if self._open is not None:
            self._open.note_missing()
            yield self._open.close()
        self._open = self._begin(next(item for item in self._layout.records if item.belongs is None), {})
        self._open.defects.append({"record": "", "column": "", "why": "is of no known type"})
        self._open.keep(raw)

    def _begin(self, layout: RecordLayout, values: Record) -> "_Family":
        about = {} if self._about is None else {RUN: self._about | {"record": self._number}}
        return _Family(self._layout, layout, values | about, with_bytes=self._with_bytes)


class _Family:
    """A record and those that belong to it."""

    def __init__(self, file: FileLayout, layout: RecordLayout, values: Record, *, with_bytes: bool) -> None:
        self.layout, self._with_bytes = layout, with_bytes
        self.defects: list[Record] = []
        self._file, self._values = file, values
        self._raws: list[bytes] = []

    def keep(self, raw: bytes) -> None:
        """Keep the bytes of one record."""
        self._raws.append(raw)

    def note_missing(self) -> None:
        """Note that the next record cannot be read, if it may belong to this one."""
        parents = {record.belongs.parent for record in self._file.records if record.belongs}
        if self.layout.code in parents:
            why = "is followed by a record of no known type, which may belong to it"
            self.defects.append({"record": self.layout.code, "column": "", "why": why})

    def note(self, layout: RecordLayout, flaws: list[str], raw: bytes) -> None:
        """Keep the bytes, and the names of the columns that cannot be read."""
        self.keep(raw)
        for name in flaws:
            column = layout.column(name)
            cell = raw[column.first - 1 : column.last].hex()
            self.defects.append({"record": layout.code, "column": name, "bytes": cell, "why": "cannot be read"})

    def add(self, layout: RecordLayout, values: Record) -> None:
        """A record that belongs to this one."""
        belongs = layout.belongs
        if belongs is None:
            return
        self._values.setdefault(belongs.list_name, []).append(values)
        if belongs.same and values[belongs.same] != self._values.get(belongs.same):
            why = f"belongs to another {belongs.same}"
            self.defects.append({"record": layout.code, "column": belongs.same, "why": why})

    def close(self) -> Record:
        """The record as it lands."""
        for record in self._file.records:
            belongs = record.belongs
            if belongs is None or belongs.parent != self.layout.code:
                continue
            found = len(self._values.setdefault(belongs.list_name, []))
            if belongs.count and self._values.get(belongs.count) not in (None, found):
                why = f"says {self._values[belongs.count]} and has {found}"
                self.defects.append({"record": self.layout.code, "column": belongs.count, "why": why})
        defects = {DEFECTS: self.defects} if self.defects else {}
        if self.defects or self._with_bytes:
            return self._values | defects | {BYTES: [raw.hex() for raw in self._raws]}
        return self._values
