"""Puts the records of a file together as the hub reads them: lines into their order, flaws beside what is sound.

A record with a cell that cannot be read keeps all others, names the cell in `defects`, and carries its own bytes
in `bytes`, so that it alone is set aside and can be looked at as it came.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from concord.files.decoding import Decoder, Flaws, write_utc
from concord.files.layout import FileLayout, RecordLayout
from concord.files.runs import Run, Terms

Record = dict[str, Any]
DEFECTS, BYTES, RUN = "defects", "bytes", "run"
_encode = msgspec.json.Encoder().encode


class Assembler:
    """Turns the chunks of one file into JSON records, in their order."""

    def __init__(self, layout: FileLayout, run: Run, terms: Terms, *, tells_run: bool = True) -> None:
        self._layout = layout
        about = {"number": run.number, "made_at": write_utc(run.made_at), "file": run.entry.name}
        self._about = about if tells_run else None
        self._decoders = {
            record.code.encode(terms.code_page)[0]: Decoder(record, terms.code_page, layout.length, terms.zone)
            for record in layout.records
        }
        self._place = 0
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
        decoded = {letter: self._decode(letter, letters, chunk) for letter in set(letters)}
        for place, letter in enumerate(letters):
            values, flaws, raw_places = decoded[letter]
            at = raw_places[place]
            raw = chunk[place * length : (place + 1) * length]
            family = self._add(self._decoders[letter].layout, values[at], flaws.get(at, []), raw)
            if family is not None:
                yield family.close()

    def _decode(self, letter: int, letters: bytes, chunk: bytes) -> tuple[list[Record], Flaws, dict[int, int]]:
        """All records of one type in the chunk at once, and which of them lies at which place."""
        length = self._layout.length
        places = [place for place, found in enumerate(letters) if found == letter]
        rows = (
            chunk
            if len(places) == len(letters)
            else b"".join([chunk[place * length : (place + 1) * length] for place in places])
        )
        values, flaws = self._decoders[letter].decode(rows)
        return values, flaws, dict(zip(places, range(len(places)), strict=True))

    def _add(self, layout: RecordLayout, values: Record, flaws: list[str], raw: bytes) -> "_Family | None":
        """Take one record in; gives back the one that is complete by that."""
        self._place += 1
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

    def _begin(self, layout: RecordLayout, values: Record) -> "_Family":
        about = {} if self._about is None else {RUN: self._about | {"record": self._place}}
        return _Family(self._layout, layout, values | about)


class _Family:
    """A record and those that belong to it."""

    def __init__(self, file: FileLayout, layout: RecordLayout, values: Record) -> None:
        self.layout = layout
        self.defects: list[Record] = []
        self._file, self._values = file, values
        self._raws: list[bytes] = []

    def note(self, layout: RecordLayout, flaws: list[str], raw: bytes) -> None:
        """Keep the bytes, and the names of the columns that cannot be read."""
        self._raws.append(raw)
        for name in flaws:
            column = layout.column(name)
            cell = raw[column.first - 1 : column.last].hex()
            self.defects.append({"record": layout.code, "column": name, "bytes": cell, "why": "cannot be read"})

    def add(self, layout: RecordLayout, values: Record) -> None:
        """A record that belongs to this one."""
        belongs = layout.belongs
        if belongs is None:
            return
        self._values.setdefault(belongs.place, []).append(values)
        if belongs.same and values[belongs.same] != self._values.get(belongs.same):
            why = f"belongs to another {belongs.same}"
            self.defects.append({"record": layout.code, "column": belongs.same, "why": why})

    def close(self) -> Record:
        """The record as it lands."""
        for record in self._file.records:
            belongs = record.belongs
            if belongs is None or belongs.parent != self.layout.code:
                continue
            found = len(self._values.setdefault(belongs.place, []))
            if belongs.count and self._values.get(belongs.count) not in (None, found):
                why = f"says {self._values[belongs.count]} and has {found}"
                self.defects.append({"record": self.layout.code, "column": belongs.count, "why": why})
        if self.defects:
            return self._values | {DEFECTS: self.defects, BYTES: [raw.hex() for raw in self._raws]}
        return self._values
