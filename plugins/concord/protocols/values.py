"""Values of records as vendors hold them: at dotted paths, in the vendor's form, in several spellings."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import msgspec

from concord.contract import Change, Field, Kind, Resource
from concord.contract.fields import split_path
from concord.errors import ContractViolationError, ServerError

Record = Mapping[str, Any]
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_syntax = msgspec.json.Decoder(msgspec.Raw)
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_document = msgspec.json.Decoder(float_hook=Decimal)


def decode_record(resource: Resource, raw: msgspec.Raw) -> Record:
    """One record as Python values, with all digits of its numbers; a `ServerError` where it is no object.

    Of a record that is not valid JSON the values are given that can be read.
    """
    try:
        return decode_leniently(bytes(raw))
    except ContractViolationError as error:
        raise ServerError(
            f"A record of {resource.name} came back in another form than declared; nothing was written."
        ) from error


def decode_leniently(raw: bytes, *, number: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """The members of a record as far as they can be read, also where it is not valid JSON (see `flaw_of`).

    `number` makes the values of numbers of their digits; by default a number becomes a `Decimal`, or stays text
    where it is beyond all bounds. Raises `ContractViolationError` where nothing can be read.
    """
    if number is None:
        try:
            return _decoder.decode(raw)
        except (*UNREADABLE, InvalidOperation):
            pass
    digits = number or _number_or_digits
    try:
        text = raw.decode("utf-8", "surrogateescape")
        record = json.loads(text, strict=False, parse_float=digits, parse_int=digits, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise ContractViolationError("no field of the record can be read") from error
    if not isinstance(record, dict):
        raise ContractViolationError("the record is not an object")
    return record


def flaw_of(raw: bytes) -> str:
    """Why a record is not JSON that every reader understands alike, empty where it is."""
    try:
        raw.decode()
        _syntax.decode(raw)
    except UnicodeDecodeError:
        return "the record holds bytes that are not UTF-8"
    except RecursionError:
        return "the record is nested too deeply"
    except msgspec.DecodeError as error:
        return f"the record is not valid JSON ({str(error).partition(' (byte')[0]})"
    return ""


def value_at(record: Record, field: Field) -> Any:
    """What a decoded record holds at a field's path, None where it holds nothing."""
    return _get(record, field.parts)


def get_at(content: Any, path: str) -> Any:
    """What decoded JSON holds at a dotted path, None where it holds nothing; all of it for an empty path."""
    return _get(content, split_path(path) if path else [])


@cache
def decoder_at(path: str, *, kind: Any = Any) -> Callable[[bytes], Any]:
    """A function that takes what JSON holds at a dotted path, None where it holds nothing or cannot be decoded.

    Only the objects on the way are decoded; a number that is no integer is given as its digits. `kind` is the type
    of what lies there, `msgspec.Raw` for its bytes.
    """
    parts = split_path(path)
    for part in reversed(parts):
        kind = kind if kind is msgspec.Raw else kind | None  # in a union, a `Raw` would take nothing in
        kind = msgspec.defstruct("Level", [("below", kind, None)], rename={"below": part})
    decode = msgspec.json.Decoder(kind, float_hook=str).decode

    def take(content: bytes) -> Any:
        try:
            found = decode(content)
        except UNREADABLE:
            return None
        for _ in parts:
            found = found and found.below
        return found

    return take


def put_at(body: dict[str, Any], path: str, value: object) -> None:
    """Set a value at a dotted path; objects on the way are copied, not changed in place."""
    *above, last = split_path(path)
    for part in above:
        below = dict(body.get(part) or {})
        body[part] = below
        body = below
    body[last] = value


def remove_at(body: dict[str, Any], path: str) -> None:
    """Take away what lies at a dotted path, if something does; the objects on the way are changed in place."""
    *above, last = split_path(path)
    holder = _get(body, above)
    if isinstance(holder, dict):
        holder.pop(last, None)


def verbatim(value: Any) -> Any:
    """A copy of decoded JSON that is encoded as it was read: numbers stay numbers, with their digits."""
    if isinstance(value, Mapping):
        return {name: verbatim(part) for name, part in value.items()}
    if isinstance(value, list):
        return [verbatim(part) for part in value]
    return write_number(value) if isinstance(value, Decimal) else value


def decode_document(value: object) -> Any:
    """A JSON document as Python values, also where it comes as text; numbers keep their digits."""
    return _document.decode(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def write_digits(value: object) -> str:
    """A number as text, with all its digits and without an exponent; `ContractViolationError` for what is none."""
    number = _number(value)
    if number is None or not number.is_finite():
        raise ContractViolationError("A value that is written as a number is none; correct it at its source.")
    return format(number, "f")


def write_number(value: object) -> msgspec.Raw:
    """A number for a JSON body, with all its digits: an amount must not become a `float` on its way."""
    return msgspec.Raw(write_digits(value).encode())


def values_by_path(resource: Resource, change: Change, record: Record | None = None) -> dict[str, object]:
    """What a change writes by the vendor's path, in the vendor's form; `record` is how the target has it now."""
    values: dict[str, object] = {}
    for name, value in change.after.items():
        item = resource.field(name)
        values[item.write or item.path] = encode_value(resource, item, value, change=change, record=record)
    return values


def encode_value(
    resource: Resource, item: Field, value: object, *, change: Change, record: Record | None = None
) -> object:
    """A value in the vendor's form; what its form needs beside it comes from the change, or else the record."""
    beside = item.form.beside
    if not beside:
        return item.form.write(value)
    other = change.after.get(beside, change.before.get(beside))
    if other is None and record is not None:
        other = value_at(record, resource.field(beside))
    return item.form.write(value, other)


def vendor_values(resource: Resource, values: Mapping[str, object]) -> dict[str, object]:
    """Our fields under the vendor's names, in the vendor's form."""
    named: dict[str, object] = {}
    for name, value in values.items():
        field = resource.field(name)
        named[field.write or field.parts[-1]] = None if value is None else field.form.encode(value)
    return named


def are_same(kind: Kind, expected: object, found: object) -> bool:
    """Whether two spellings of a value of this kind mean the same; an empty text is no value."""
    expected, found = (None if value == "" else value for value in (expected, found))
    if expected is None or found is None:
        return expected is found
    if kind is Kind.TIMESTAMP:
        return read_moment(expected) == read_moment(found) is not None
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        return _number(expected) == _number(found) is not None
    return str(expected) == str(found)


def read_moment(value: object) -> datetime | None:
    """An ISO time in UTC, which it is taken for where it names no zone; None for anything else."""
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(str(value))
        except ValueError:
            return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # in UTC it lies before the year 1 or after 9999
        return None


def _get(content: Any, parts: list[str]) -> Any:
    for part in parts:
        content = content.get(part) if isinstance(content, dict) else None
    return content


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _number_or_digits(digits: str) -> Any:
    number = _number(digits)
    return digits if number is None else number
