"""Whether the bytes of a record say what was asked: they are read as by the reader before they are sent."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from concord.contract import Change, Resource
from concord.errors import ContractViolationError
from concord.protocols.files.assembling import DEFECTS, Assembler
from concord.protocols.files.layout import FileLayout
from concord.protocols.files.runs import Terms
from concord.protocols.values import Record, decode_document, value_at

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read_as_written(
    resource: Resource, change: Change, content: bytes, *, layout: FileLayout, terms: Terms
) -> Record:
    """The one record in these bytes; a `ContractViolationError` names what is not as the change asked.

    A column that the layout does not have, a fraction of a second that it drops, or an empty number that becomes 0
    would otherwise be lost in silence.
    """
    assembler = Assembler(layout, None, terms)
    records = [_decode(raw) for raw in (*assembler.feed(content), *assembler.finish())]
    if len(records) != 1 or DEFECTS in records[0]:
        raise ContractViolationError("It would not be read as one whole record; correct it at its source.")
    for name, asked in change.after.items():
        found = value_at(records[0], resource.field(name))
        if not says(asked, found):
            raise ContractViolationError(
                f"{name} would not be read as it was asked: the file cannot hold it; correct it at its source.",
                field=name,
                rule="cannot be held by the file",
            )
    return records[0]


def says(asked: object, found: object) -> bool:
    """Whether a value of a file is the one that was asked; an empty text is no value.

    Of an object the members that were asked count, for a layout may add others, such as numbers of lines.
    """
    asked = decode_document(asked)
    if isinstance(asked, Mapping):
        return isinstance(found, Mapping) and all(says(value, found.get(name)) for name, value in asked.items())
    if isinstance(asked, list):
        return isinstance(found, list) and len(asked) == len(found) and all(map(says, asked, found))
    if asked in (None, "") or found in (None, ""):
        return asked in (None, "") and found in (None, "")
    if isinstance(asked, bool) or isinstance(found, bool):
        return asked is found
    return str(asked).rstrip(" ") == str(found) or _number(asked) == _number(found) is not None


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None
