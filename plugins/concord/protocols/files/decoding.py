"""From bytes to values, a column of many records at a time; a cell that cannot be read is named, not guessed.

Blank or all-zero bytes in a number mean that there is none: that is what the host writes into new fields.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import Any
from zoneinfo import ZoneInfo

from concord.protocols.files.layout import Coding, Column, Meaning, Moment, RecordLayout

Cells = Sequence[bytes]
Values = list[Any]
Flaws = dict[int, list[str]]

_BLANK, _LOW = 0x40, 0x00
_MINUS = frozenset("bd")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_DATES = frozenset({0, 9999999, 99999999, 999999})


class Unreadable(Exception):  # noqa: N818 - it never leaves this module
    """A cell whose bytes do not mean what its column says."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """Cuts records of one type into values; `flaws` are the names of unreadable columns by record."""

    layout: RecordLayout
    code_page: str
    length: int
    zone: ZoneInfo

    def decode(self, data: bytes) -> tuple[list[dict[str, Any]], Flaws]:
        """The records that lie back to back in `data`."""
        columns = sorted(self.layout.columns, key=lambda column: column.first)
        cells = list(zip(*_cutter(self.layout, self.length).iter_unpack(data), strict=True))
        if not cells:
            return [], {}
        flaws: Flaws = {}
        values: list[Values] = []
        for column, column_cells in zip(columns, cells, strict=True):
            found, unreadable = decode_column(column, column_cells, self.code_page)
            for place in unreadable:
                flaws.setdefault(place, []).append(column.name)
            values.append(found)
        names = [column.name for column in columns]
        for moment in self.layout.moments:
            days, times = values[names.index(moment.day)], values[names.index(moment.time)]
            values.append(list(map(_moment, days, times, repeat(self.zone))))
        names += [moment.name for moment in self.layout.moments]
        return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)], flaws


@lru_cache(maxsize=64)
def _cutter(layout: RecordLayout, length: int) -> Struct:
    pieces, at = [], 1
    for column in sorted(layout.columns, key=lambda column: column.first):
        pieces.append(f"{column.first - at}x{column.length}s")
        at = column.last + 1
    return Struct(f"{''.join(pieces)}{length - at + 1}x")


def decode_column(column: Column, cells: Cells, code_page: str) -> tuple[Values, list[int]]:
    """The values of one column, None where it holds nothing, and the places of those that cannot be read."""
    if not column.is_number:
        return _decode_texts(column, cells, code_page)
    numbers, unreadable = _decode_numbers(column, cells)
    if column.meaning is Meaning.VALUE:
        if column.scale:
            numbers = [None if number is None else Decimal(number).scaleb(-column.scale) for number in numbers]
        return numbers, unreadable
    for place, number in enumerate(numbers):
        if number is not None:
            try:
                numbers[place] = _meant(column.meaning, number)
            except (Unreadable, ValueError):
                numbers[place] = None
                unreadable.append(place)
    return numbers, sorted(unreadable)


def _decode_numbers(column: Column, cells: Cells) -> tuple[Values, list[int]]:
    """Whole numbers; the quick way where every cell of the column is well formed."""
    if column.coding is not Coding.BINARY:
        digits = b"".join(cells).hex()
        if _pattern(column).fullmatch(digits):
            return _read_digits(column, digits), []
    values: Values = []
    unreadable: list[int] = []
    for place, cell in enumerate(cells):
        try:
            values.append(_read_number(column, cell))
        except Unreadable:
            values.append(None)
            unreadable.append(place)
    return values, unreadable


@lru_cache(maxsize=256)
def _pattern(column: Column) -> re.Pattern[str]:
    """Cells of the column as hexadecimal digits, any number of them."""
    sign = "[acef]" if column.is_unsigned else "[a-f]"
    if column.coding is Coding.ZONED:
        return re.compile(f"(?:(?:f[0-9]){{{column.digits - 1}}}{sign}[0-9])*")
    filler = "0" if column.digits % 2 == 0 else ""
    return re.compile(f"(?:{filler}[0-9]{{{column.digits}}}{sign})*")


def _read_digits(column: Column, digits: str) -> Values:
    width = 2 * column.length
    if column.coding is Coding.ZONED:
        signs, digits, width = digits[width - 2 :: width], digits[1::2], column.digits
        numbers = [int(digits[at : at + width]) for at in range(0, len(digits), width)]
    else:
        signs = digits[width - 1 :: width]
        numbers = [int(digits[at : at + width - 1]) for at in range(0, len(digits), width)]
    if "d" in signs or "b" in signs:
        return [-number if sign in _MINUS else number for number, sign in zip(numbers, signs, strict=True)]
    return list(numbers)


def _read_number(column: Column, cell: bytes) -> int | None:
    if column.coding is Coding.BINARY:
        return _within(column, int.from_bytes(cell, "big", signed=True))
    if not cell.strip(bytes([_BLANK])) or not cell.strip(bytes([_LOW])):
        return None
    digits = cell.hex()
    if not _pattern(column).fullmatch(digits):
        raise Unreadable
    number: int = _read_digits(column, digits)[0]
    return number


def _within(column: Column, number: int) -> int:
    if abs(number) >= 10**column.digits:
        raise Unreadable
    return number


def _decode_texts(column: Column, cells: Cells, code_page: str) -> tuple[Values, list[int]]:
    """Texts without the blanks behind them; control characters are no text, save a cell that is full of one."""
    whole = b"".join(cells).decode(code_page, "replace")
    width = column.length
    values: Values = [whole[at : at + width].rstrip(" ") or None for at in range(0, len(whole), width)]
    unreadable = []
    if _CONTROL.search(whole) or "\ufffd" in whole:
        for place, value in enumerate(values):
            if value is not None and (_CONTROL.search(value) or "\ufffd" in value):
                values[place] = None
                if cells[place].strip(cells[place][:1]) or cells[place][0] not in (0x00, 0xFF):
                    unreadable.append(place)
    if column.coding is Coding.FLAG:
        unreadable += [place for place, value in enumerate(values) if value not in (None, column.yes)]
        values = [value == column.yes for value in values]
    return values, sorted(set(unreadable))


@lru_cache(maxsize=8192)
def _meant(meaning: Meaning, number: int) -> str | None:
    """A date or time as ISO 8601 writes it; None for the numbers that stand for no date."""
    if meaning is Meaning.TIME:
        return time(number // 10000, number // 100 % 100, number % 100).isoformat()
    if number in _NO_DATES:
        return None
    if number < 0:
        raise Unreadable
    if meaning is Meaning.CENTURY_DAY:
        year, day = 1900 + number // 1000, number % 1000
        found = date.fromordinal(date(year, 1, 1).toordinal() + day - 1)
        if day == 0 or found.year != year:
            raise Unreadable
        return found.isoformat()
    first = 1900 if meaning is Meaning.CENTURY_DATE else 0
    return date(first + number // 10000, number // 100 % 100, number % 100).isoformat()


def _moment(day: str | None, clock: str | None, zone: ZoneInfo) -> str | None:
    """Day and time of the host as a time in UTC."""
    if day is None or clock is None:
        return None
    try:
        return write_utc(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone))
    except OverflowError:  # a day of the year 1 that is one of the year before in UTC
        return f"{day}T{clock}"


def write_utc(moment: datetime) -> str:
    """As landing reads it."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def moment_of(record: dict[str, Any], moment: Moment, zone: ZoneInfo) -> datetime | None:
    """The time that a decoded record says in two columns."""
    day, clock = record.get(moment.day), record.get(moment.time)
    if day is None or clock is None:
        return None
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
