"""Turns pages of raw JSON into rows of COPY text, nearly all of it in compiled code.

Each resource gets a struct type and a formatter made from its contract, so that one decode reads just the
declared paths and one f-string writes a row; payloads are passed on as they came. A page in which something
needs escaping, or does not fit the struct, is shaped record by record. A record that cannot be read as a whole is
landed with its payload, the fields that could be read, and the reason in `_fault`: validation quarantines it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from concord.contract import Field, Kind, Resource
from concord.errors import ContractError, ContractViolationError
from concord.protocols.repair import MARK, as_received, is_marked
from concord.protocols.values import UNREADABLE, decode_leniently, decoder_at, flaw_of
from concord.store.typed_fields import OBJECT, VALUE

_NULL = "None"  # COPY's mark for null: what formatting makes of None; the text "None" itself is escaped
_any = msgspec.json.Decoder(float_hook=str)
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_READS_AS_NULL = re.compile(b'"%b"' % _NULL.encode())  # quicker than `in`, whose search is slowed by quotes

COPY_OPTIONS = f"with (format text, null '{_NULL}')"


class RowShaper:
    """Turns pages into COPY text for one batch; `received` counts the records so far."""

    def __init__(self, resource: Resource, batch_id: str, constants: Mapping[str, str] | None = None) -> None:
        """`constants` are texts that a field has in every record, by its name; the resource is without it."""
        self._fields = sorted(resource.fields, key=lambda field: field.is_document)
        self._batch_id = batch_id
        self._constants = constants or {}
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
        row = f"f'{{batch_id}}\\t{{number}}\\t{_NULL}\\t{{constants}}{cells}'.encode()"
        pieces = [row, *(f"record.{attribute}, tab" for attribute in documents), "raw", "newline"]
        constants = "".join(f"{_escape(text)}\t" for text in self._constants.values())
        names = {"batch_id": self._batch_id, "constants": constants, "tab": b"\t", "newline": b"\n"}
        source = f"lambda number, record, raw: ({', '.join(pieces)})"
        return eval(source, names)  # type: ignore[no-any-return]  # noqa: S307

    @property
    def columns(self) -> list[str]:
        """The columns of the rows, in their order."""
        names = [field.name for field in self._fields]
        return ["_batch_id", "_row", "_fault", *self._constants, *names, "_payload"]

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
        if not _is_plain(b"".join(page)):
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
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        return b"".join(pieces)

    def _careful_line(self, number: int, raw: bytes) -> bytes:
        payload = as_received(raw)
        fault, values = self._read_carefully(payload, raw)
        text = payload.decode("utf-8", "backslashreplace").replace("\0", "\\u0000")
        cells = [self._batch_id, str(number), fault, *self._constants.values(), *values, text]
        line = "\t".join(_NULL if cell is None else _escape(cell) for cell in cells) + "\n"
        return line.encode()

    def _read_carefully(self, payload: bytes, mended: bytes) -> tuple[str | None, list[str | None]]:
        """What is wrong with the record, None where nothing is, and the values of the fields that can be read.

        `mended` is the record with marks for what could not be read in it.
        """
        flaw, record = "", None
        if MARK in mended:
            flaw = flaw_of(payload) or "the record holds a value that cannot be read"
        try:
            record = _any.decode(payload)
        except UNREADABLE:
            flaw = flaw or flaw_of(payload)
        try:
            found = record if isinstance(record, dict) else _decode_either(payload, mended)
        except ContractViolationError as error:
            return flaw or error.message, [None] * len(self._fields)
        faults, values = [flaw] if flaw else [], []
        for field in self._fields:
            try:
                values.append(_text_at(found, field, None if flaw else payload))
            except ContractViolationError as error:
                values.append(None)
                faults.append(error.message)
        return "; ".join(dict.fromkeys(faults)) or None, values


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
            return str | int | None, None
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
    """Whether COPY takes all of it as it is: UTF-8, nothing to escape, no text that reads as null, no mark."""
    if any(mark in text for mark in (b"\\", b"\n", b"\r", b"\t", b"\0", MARK)) or _READS_AS_NULL.search(text):
        return False
    return text.isascii() or _is_utf8(text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text_at(record: Mapping[str, Any], field: Field, payload: bytes | None) -> str | None:
    """The text that lands for a field; a `ContractViolationError` where the record holds something else there.

    A document is taken verbatim from the payload, which is None where it cannot be decoded.
    """
    value = _value_at(record, field)
    if value is None:
        return None
    if field.is_document:
        verbatim = payload and decoder_at(field.path, kind=msgspec.Raw)(payload)
        text = bytes(verbatim).decode() if verbatim else json.dumps(value)
    elif isinstance(value, (dict, list)):
        kind = "an object" if isinstance(value, dict) else "a list"
        raise ContractViolationError(f"{field.name} holds {kind} {VALUE}")
    else:
        text = str(value).lower() if isinstance(value, bool) and field.kind is Kind.TEXT else str(value)
    if is_unfit(text) or is_marked(text):
        raise ContractViolationError(f"{field.name} holds text that a database cannot keep")
    return text


def _decode_either(payload: bytes, mended: bytes) -> dict[str, Any]:
    """The members that can be read: as the record came, or else in its mended form."""
    try:
        return decode_leniently(payload, number=str)
    except ContractViolationError:
        return decode_leniently(mended, number=str)


def _value_at(record: Mapping[str, Any], field: Field) -> Any:
    """What lies at the field's path; an empty text or list where an object belongs holds nothing."""
    content: Any = record
    for part in field.parts:
        if content in (None, "", []):
            return None
        if not isinstance(content, Mapping):
            raise ContractViolationError(f"{field.name} lies in something else {OBJECT}")
        content = content.get(part)
    return content


def is_unfit(value: str | None) -> bool:
    """Whether a database cannot keep the text: it holds a null character, or half of a surrogate pair."""
    return value is not None and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value))


def _escape(cell: str) -> str:
    escaped = cell.translate(_ESCAPES)
    return f"\\{_NULL}" if escaped == _NULL else escaped
