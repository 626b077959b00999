"""The host's record formats as in its DDS source: fields one after the other.

They share nothing with the product's layouts, which name byte positions, so that mistakes there are noticed.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

DdsField = tuple[str, str, int, int]


def _fields(source: str) -> list[DdsField]:
    """Name, type and length of each field, as `ORDTOT P9,2`."""
    found = []
    for word in source.split(";"):
        name, size = word.split()
        digits, _, decimals = size[1:].partition(",")
        found.append((name, size[0], int(digits), int(decimals or 0)))
    return found


RUN = _fields("FILNAM A10; RUNNO P7; RUNDAT P7; RUNTIM P6; LAYVER A2")
END = _fields("RECCNT P9; HSHTOT P15; AMTTOT P13,2")
ORDER = _fields(
    "ORDNO P9; CUSNO P7; CUSREF A20; ORDDAT P7; ORDTIM P6; STATUS A1; CURCOD A3; ORDTOT P9,2; LINCNT S3; "
    "REQDAT S8; DELFLG A1; SALREP A10"
)
LINE = _fields("ORDNO P9; LINNO S3; ITEMNO A15; QTY P7,2; UNTPRC P9,4; LINAMT S9,2")
CUSTOMER = _fields(
    "CUSNO P7; CUSNAM A40; STREET A35; CITY A25; POSTCD A10; CTRY A2; PHONE A20; CRLIM P9,2; BALDUE S9,2; "
    "LSTCHG P7; LSTTIM S6; DELFLG A1"
)
ACKNOWLEDGEMENT = _fields("ORDNO P9; ACKSTS A2; CRMNO A20; REASON A40")
REQUEST = _fields("REFNO A20; CUSNO P7; ORDDAT P7; CURCOD A3; ORDTOT P9,2; LINCNT S3")
REQUEST_LINE = _fields("REFNO A20; LINNO S3; ITEMNO A15; QTY P7,2; UNTPRC P9,4")


def write_record(
    letter: str, fields: Sequence[DdsField], values: Mapping[str, Any], *, page: str, length: int
) -> bytes:
    """The bytes of a record: its letter, its fields, and blanks to the end."""
    pieces = [letter.encode(page)]
    for name, kind, size, decimals in fields:
        value = values.get(name)
        if kind == "A":
            pieces.append(str(value or "")[:size].ljust(size).encode(page))
        else:
            number = int(Decimal(str(value or 0)).scaleb(decimals))
            pieces.append(write_packed(number, size) if kind == "P" else write_zoned(number, size))
    return b"".join(pieces).ljust(length, " ".encode(page))


def write_packed(number: int, digits: int) -> bytes:
    """A packed number: two digits in a byte, and C or D at the end."""
    text = str(abs(number)).rjust(digits + (digits + 1) % 2, "0") + ("D" if number < 0 else "C")
    return bytes(int(text[at : at + 2], 16) for at in range(0, len(text), 2))


def write_zoned(number: int, digits: int) -> bytes:
    """A zoned number: one digit in a byte; the last byte is D0 to D9 for a negative number."""
    written = bytearray(0xF0 + int(digit) for digit in str(abs(number)).rjust(digits, "0"))
    if number < 0:
        written[-1] -= 0x20
    return bytes(written)


def century_date(day: date) -> int:
    """A date as CYYMMDD."""
    return (day.year - 1900) * 10_000 + day.month * 100 + day.day


def clock(moment: datetime) -> int:
    """A time as HHMMSS."""
    return moment.hour * 10_000 + moment.minute * 100 + moment.second


def read_packed(data: bytes) -> int:
    """Read a packed number of a received file."""
    digits = data.hex().upper()
    return int(digits[:-1]) * (-1 if digits[-1] in "BD" else 1)


def read_text(data: bytes, page: str) -> str:
    """Read the text of a received file."""
    return data.decode(page).rstrip(" ")


def read_zoned(data: bytes) -> int:
    """Read a zoned number of a received file."""
    digits = "".join(str(byte & 0x0F) for byte in data)
    return int(digits) * (-1 if data[-1] >> 4 in (0xB, 0xD) else 1)


def read_record(fields: Sequence[DdsField], raw: bytes, page: str) -> dict[str, Any]:
    """Read every field of a received record, after its letter."""
    found: dict[str, Any] = {}
    at = 1
    for name, kind, size, decimals in fields:
        cell = raw[at : (at := at + (size // 2 + 1 if kind == "P" else size))]
        if kind == "A":
            found[name] = read_text(cell, page)
        else:
            number = read_packed(cell) if kind == "P" else read_zoned(cell)
            found[name] = Decimal(number).scaleb(-decimals)
    return found
