"""From values to the bytes of a record; a value that does not fit its column is refused, never cut short."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from concord.errors import ContractViolationError
from concord.protocols.files.layout import Coding, Column, FileLayout, Meaning, RecordLayout


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that is at the host: its bytes, and the values that they were read as."""

    content: bytes
    values: Mapping[str, object]


def encode_record(
    layout: FileLayout,
    record: RecordLayout,
    values: Mapping[str, object],
    code_page: str,
    *,
    held: HeldRecord | None = None,
) -> bytes:
    """One record, blank where it has no value; `ContractViolationError` names a column that cannot be written.

    Of a record that is `held` all bytes stay as they are but those of the columns whose values are others now,
    also the bytes that no column names.
    """
    buffer = bytearray(held.content if held else blank(code_page) * layout.length)
    buffer[:1] = record.code.encode(code_page)
    for column in record.columns:
        value = values.get(column.name)
        if held is None or value != held.values.get(column.name):
            buffer[column.first - 1 : column.last] = encode_column(column, value, code_page)
    return bytes(buffer)


def encode_column(column: Column, value: object, code_page: str) -> bytes:
    """The bytes of one column."""
    if column.coding is Coding.FLAG:
        return column.yes.encode(code_page) if value is True else blank(code_page)
    if not column.is_number:
        return _encode_text(column, value, code_page)
    number = _whole_number(column, value)
    if abs(number) >= 10**column.digits:
        raise _unfit(column, f"has more than {column.digits} digits")
    if number < 0 and column.is_unsigned:
        raise _unfit(column, "is negative, and has no sign")
    match column.coding:
        case Coding.PACKED:
            has_sign = column.meaning is Meaning.VALUE and not column.is_unsigned
            sign = "d" if number < 0 else "c" if has_sign else "f"
            return bytes.fromhex(f"{abs(number):0{2 * column.length - 1}d}{sign}")
        case Coding.ZONED:
            digits = f"{abs(number):0{column.digits}d}"
            zones = ["f"] * (column.digits - 1) + ["d" if number < 0 else "f"]
            return bytes.fromhex("".join(f"{zone}{digit}" for zone, digit in zip(zones, digits, strict=True)))
    return number.to_bytes(column.length, "big", signed=True)


def blank(code_page: str) -> bytes:
    """What fills a column that holds nothing."""
    return " ".encode(code_page)


def _encode_text(column: Column, value: object, code_page: str) -> bytes:
    words = "" if value is None else str(value)
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in words):
        raise _unfit(column, "holds a control character")
    try:
        written = words.encode(code_page)
    except UnicodeEncodeError as error:
        raise _unfit(column, f"holds a letter that code page {code_page} does not have") from error
    if len(written) > column.length:
        raise _unfit(column, f"is longer than {column.length} letters")
    return written.ljust(column.length, blank(code_page))


def _whole_number(column: Column, value: object) -> int:
    if value is None or value == "":
        return 0
    if column.meaning is not Meaning.VALUE:
        return _number_of(column, value)
    try:
        scaled = Decimal(str(value)).scaleb(column.scale)
    except InvalidOperation as error:
        raise _unfit(column, "is not a number") from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise _unfit(column, f"is not a number with at most {column.scale} decimals")
    return int(scaled)


def _number_of(column: Column, value: object) -> int:
    """The number that the host writes for a day or a time."""
    try:
        if column.meaning is Meaning.TIME:
            clock = value if isinstance(value, time) else time.fromisoformat(str(value))
            return clock.hour * 10000 + clock.minute * 100 + clock.second
        day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise _unfit(column, "is not a date or time") from error
    day = day.date() if isinstance(day, datetime) else day
    if column.meaning is Meaning.CENTURY_DAY:
        return (day.year - 1900) * 1000 + day.timetuple().tm_yday
    first = 1900 if column.meaning is Meaning.CENTURY_DATE else 0
    return (day.year - first) * 10000 + day.month * 100 + day.day


def _unfit(column: Column, why: str) -> ContractViolationError:
    return ContractViolationError(f"{column.name} {why}; correct it at its source.", field=column.name, rule=why)
