"""The records at the host that a change is written over: what the change does not name stays byte by byte."""

from collections.abc import Mapping, Sequence
from typing import Any

from concord.errors import ContractViolationError
from concord.protocols.files.assembling import BYTES, DEFECTS
from concord.protocols.files.encoding import HeldRecord, blank
from concord.protocols.files.layout import RecordLayout


def held_records(
    record: RecordLayout, held: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]], code_page: str
) -> list[HeldRecord]:
    """The records of one type that the `rows` are written over, one for each row; none where all are new.

    `held` is the record as it was read with its bytes, None for a new one. Raises `ContractViolationError` where
    it cannot be read whole, or where a list that changes has bytes that no column names.
    """
    if held is None:
        return []
    if DEFECTS in held:
        raise ContractViolationError(
            "The record that is there cannot be read whole, and what cannot be read would be lost; "
            "have it corrected at the host, then replay this."
        )
    contents = [bytes.fromhex(raw) for raw in held[BYTES]]
    found = [content for content in contents if content[:1] == record.code.encode(code_page)]
    before = [held] if record.belongs is None else held.get(record.belongs.list_name) or []
    is_same = record.belongs is None or list(rows) == before
    if is_same and len(found) == len(rows):
        return [HeldRecord(content, values) for content, values in zip(found, before, strict=True)]
    if any(has_unnamed_bytes(record, content, code_page) for content in found):
        raise ContractViolationError(
            f"The records {record.code} that are there hold bytes that no column names, which would be lost with "
            "the change; change them at the host, or name the bytes in the layout."
        )
    return []


def has_unnamed_bytes(record: RecordLayout, content: bytes, code_page: str) -> bool:
    """Whether a record holds something in bytes that no column names; blanks and zeros are nothing."""
    rest = bytearray(content)
    rest[:1] = blank(code_page)
    for column in record.columns:
        rest[column.first - 1 : column.last] = blank(code_page) * column.length
    return bool(rest.strip(blank(code_page) + b"\0"))
