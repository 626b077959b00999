"""From a page of raw JSON to rows of COPY text, at the speed of C.

Each resource gets a struct type and a formatter made from its contract, so that one decode reads just the
declared paths and one f-string writes a row; payloads are passed on as they came. A page in which something
needs escaping, or does not fit the struct, is done record by record, and those the careful way. A record that
cannot be read at all still lands, with its payload and the reason in `_fault`: validation quarantines it, and
nothing is lost.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from concord.contract import Resource
from concord.errors import ContractError
from concord.fields import Field, Kind

_NULL = "None"  # COPY's mark for null: what formatting makes of None; the text "None" itself is escaped
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_READS_AS_NULL = re.compile(b'"%b"' % _NULL.encode())  # quicker than `in`, whose search is slowed by quotes

COPY_OPTIONS = f"with (format text, null '{_NULL}')"


class RowShaper:
    """Turns pages into COPY text for one batch; `received` counts the records so far.

    The quick way leaves it to PostgreSQL to find bytes that are not UTF-8 where no declared field is; the
    careful way (`is_careful`) finds and escapes them itself.
    """

    def __init__(self, resource: Resource, batch_id: str, *, is_careful: bool = False) -> None:
        self.is_careful = is_careful
        self._fields = sorted(resource.fields, key=lambda field: field.is_document)
        self._batch_id = batch_id
        self._root = _Node([(field.parts, field) for field in resource.fields])
        self._decode = msgspec.json.Decoder(self._root.type, float_hook=str).decode
        self._pieces_of = self._formatter()
        self.received = 0

    def _formatter(self) -> Callable[[int, Any, msgspec.Raw], tuple[bytes | msgspec.Raw, ...]]:
        """A function of row number, decoded record and payload, compiled once: the pieces of one row.

        Its text holds nothing but the numbered attributes of our own struct type.
        """
        scalars = [self._root.attribute(field.parts) for field in self._fields if not field.is_document]
        documents = [self._root.attribute(field.parts) for field in self._fields if field.is_document]
        cells = "".join(f"{{record.{attribute}}}\\t" for attribute in scalars)
        row = f"f'{{batch_id}}\\t{{number}}\\t{_NULL}\\t{cells}'.encode()"
        pieces = [row, *(f"record.{attribute}, tab" for attribute in documents), "raw", "newline"]
        names = {"batch_id": self._batch_id, "tab": b"\t", "newline": b"\n"}
        source = f"lambda number, record, raw: ({', '.join(pieces)})"
        return eval(source, names)  # type: ignore[no-any-return]  # noqa: S307

    @property
    def columns(self) -> list[str]:
        """The columns of the rows, in their order."""
        names = [field.name for field in self._fields]
        return ["_batch_id", "_row", "_fault", *names, "_payload"]

    def shape(self, page: Sequence[msgspec.Raw]) -> bytes:
        """The page as COPY text; never raises for a record's sake."""
        first = self.received
        self.received += len(page)
        block = self._shape_plainly(page, first)
        if block is not None:
            return block
        return b"".join(self._shape_one(raw, number) for number, raw in enumerate(page, first))

    def _shape_one(self, raw: msgspec.Raw, number: int) -> bytes:
        return self._shape_plainly([raw], number) or self._careful_line(number, bytes(raw))

    def _shape_plainly(self, page: Sequence[msgspec.Raw], first: int) -> bytes | None:
        """The rows without escaping anything; None when one of them needs it, or does not fit the struct."""
        if self.is_careful or not _is_plain(b"".join(page)):
            return None
        decode, pieces_of = self._decode, self._pieces_of
        pieces: list[bytes | msgspec.Raw] = []
        try:
            for number, raw in enumerate(page, first):
                record = decode(raw)
                try:
                    pieces += pieces_of(number, record, raw)
                except AttributeError:  # a branch is null
                    self._root.fill_gaps(record)
                    pieces += pieces_of(number, record, raw)
        except (msgspec.DecodeError, UnicodeError):
            return None
        return b"".join(pieces)

    def read_keys(self, page: Iterable[msgspec.Raw]) -> Iterator[str | None]:
        """The first declared field of every record as text; for a resource cut down to its key."""
        for raw in page:
            yield self._read_carefully(bytes(raw))[1][0]

    def _careful_line(self, number: int, payload: bytes) -> bytes:
        fault, values = self._read_carefully(payload)
        text = payload.decode("utf-8", "backslashreplace").replace("\0", "\\u0000")
        cells = [self._batch_id, str(number), fault, *values, text]
        line = "\t".join(_NULL if cell is None else _escape(cell) for cell in cells) + "\n"
        return line.encode()

    def _read_carefully(self, payload: bytes) -> tuple[str | None, list[str | None]]:
        nothing: list[str | None] = [None] * len(self._fields)
        try:
            record = msgspec.json.Decoder(float_hook=str).decode(payload)
        except UnicodeDecodeError:
            return "the record holds bytes that are not UTF-8", nothing
        except (msgspec.DecodeError, RecursionError) as error:
            return f"the record is not valid JSON ({error})", nothing
        if not isinstance(record, dict):
            return "the record is not an object", nothing
        values = [_text_at(record, field) for field in self._fields]
        unfit = [field.name for field, value in zip(self._fields, values, strict=True) if _is_unfit(value)]
        if unfit:
            return f"{', '.join(unfit)} holds text that a database cannot keep", nothing
        return None, values


class _Node:
    """Some declared paths as a struct type; attributes are numbered, keys are the vendor's."""

    def __init__(self, entries: list[tuple[list[str], Field]]) -> None:
        groups: dict[str, list[tuple[list[str], Field]]] = {}
        for parts, field in entries:
            groups.setdefault(parts[0], []).append((parts[1:], field))
        self._names = {key: f"f{index}" for index, key in enumerate(groups)}
        self._leaves = {
            key: [field for _, field in group] for key, group in groups.items() if not all(p for p, _ in group)
        }
        for key, fields in self._leaves.items():
            if any(p for p, _ in groups[key]) or len({field.is_document for field in fields}) > 1:
                raise ContractError(f"The path {key!r} is declared both as a field and as part of another.")
        self._branches = {key: _Node(group) for key, group in groups.items() if key not in self._leaves}
        self.type = msgspec.defstruct(
            "Record",
            [(name, *self._member(key)) for key, name in self._names.items()],
            rename={name: key for key, name in self._names.items()},
            gc=False,
        )
        self._gaps = [(self._names[key], node, node.type()) for key, node in self._branches.items()]

    def _member(self, key: str) -> tuple[Any, Any]:
        """The type a key is decoded as, and its value where the record lacks it."""
        if key in self._branches:
            return self._branches[key].type | None, None
        fields = self._leaves[key]
        if fields[0].is_document:
            return msgspec.Raw, msgspec.Raw(b"null")
        if any(field.kind is Kind.TEXT for field in fields):
            return str | int | bool | None, None
        return Any, None

    def fill_gaps(self, record: Any) -> None:
        """Put an empty branch where the vendor sent null, so that every path can be read."""
        for name, node, empty in self._gaps:
            value = getattr(record, name)
            if value is None:
                setattr(record, name, value := empty)
            if node._gaps:
                node.fill_gaps(value)

    def attribute(self, parts: list[str]) -> str:
        """The dotted attribute at which a decoded record holds this path."""
        name = self._names[parts[0]]
        return name if len(parts) == 1 else f"{name}.{self._branches[parts[0]].attribute(parts[1:])}"


def _is_plain(text: bytes) -> bool:
    """Whether COPY takes all of it as it is: nothing to escape, and no text that reads as null."""
    return not any(mark in text for mark in (b"\\", b"\n", b"\r", b"\t")) and not _READS_AS_NULL.search(text)


def _text_at(record: Any, field: Field) -> str | None:
    value = record
    for part in field.parts:
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return None
    if isinstance(value, (dict, list)) or field.is_document:
        return msgspec.json.encode(value).decode()
    return str(value)


def _is_unfit(value: str | None) -> bool:
    return value is not None and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value))


def _escape(cell: str) -> str:
    escaped = cell.translate(_ESCAPES)
    return f"\\{_NULL}" if escaped == _NULL else escaped
