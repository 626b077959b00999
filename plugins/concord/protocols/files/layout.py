"""Which bytes of a file hold what: columns, records, files. A layout is data, and checked when it is built.

Positions count from 1 and include the last byte, as the host's own documents write them.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from concord.errors import ContractError
from concord.protocols.files.code_pages import find_code_page


class Coding(StrEnum):
    """How a column is written."""

    TEXT = "text"
    FLAG = "flag"
    PACKED = "packed"
    ZONED = "zoned"
    BINARY = "binary"


class Meaning(StrEnum):
    """What the number in a column stands for."""

    VALUE = "value"
    CENTURY_DATE = "CYYMMDD"
    FULL_DATE = "YYYYMMDD"
    CENTURY_DAY = "CYYDDD"
    TIME = "HHMMSS"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record; a flag is true where it says `yes`, and false where it is blank.

    `is_unsigned` says that its number has no sign: it is written with the sign nibble F, by which a program of the
    host knows it for a number, and a negative one is neither written nor read.
    """

    name: str
    first: int
    last: int
    coding: Coding
    digits: int = 0
    scale: int = 0
    meaning: Meaning = Meaning.VALUE
    yes: str = ""
    is_unsigned: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last:
            raise ContractError(f"Column {self.name} begins at {self.first} and ends at {self.last}; correct it.")
        if self.digits and self.length != _bytes_for(self.coding, self.digits):
            raise ContractError(
                f"Column {self.name} is {self.length} bytes long, but {self.digits} {self.coding} digits take "
                f"{_bytes_for(self.coding, self.digits)}."
            )
        if not 0 <= self.scale <= self.digits:
            raise ContractError(f"Column {self.name} has {self.scale} decimals of {self.digits} digits.")

    @property
    def length(self) -> int:
        """How many bytes the column has."""
        return self.last - self.first + 1

    @property
    def is_number(self) -> bool:
        """Whether the column holds digits."""
        return self.digits > 0


def _bytes_for(coding: Coding, digits: int) -> int:
    if coding is Coding.PACKED:
        return digits // 2 + 1
    if coding is Coding.BINARY:
        return 2 if digits < 5 else 4 if digits < 10 else 8
    return digits


def text(name: str, first: int, last: int) -> Column:
    """A column of letters, filled with blanks to its end."""
    return Column(name, first, last, Coding.TEXT)


def flag(name: str, at: int, *, yes: str) -> Column:
    """A column of one letter, which is `yes` or blank."""
    return Column(name, at, at, Coding.FLAG, yes=yes)


def packed(name: str, first: int, *, digits: int, scale: int = 0, meaning: Meaning = Meaning.VALUE) -> Column:
    """A packed decimal (COMP-3): two digits a byte, the sign in the last half byte."""
    return Column(name, first, first + digits // 2, Coding.PACKED, digits, scale, meaning)


def unsigned(name: str, first: int, *, digits: int, scale: int = 0) -> Column:
    """A packed decimal without a sign (`PIC 9(7) COMP-3`), whose last half byte is F."""
    return replace(packed(name, first, digits=digits, scale=scale), is_unsigned=True)


def zoned(name: str, first: int, *, digits: int, scale: int = 0, meaning: Meaning = Meaning.VALUE) -> Column:
    """A zoned decimal: one digit a byte, the sign in the zone of the last byte."""
    return Column(name, first, first + digits - 1, Coding.ZONED, digits, scale, meaning)


def binary(name: str, first: int, *, digits: int, scale: int = 0) -> Column:
    """A binary number (COMP-4): two's complement, the high byte first."""
    last = first + _bytes_for(Coding.BINARY, digits) - 1
    return Column(name, first, last, Coding.BINARY, digits, scale)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that the host writes as a day and a time of its own zone; `name` is what the record gets."""

    name: str
    day: str
    time: str


@dataclass(frozen=True, slots=True)
class Belonging:
    """Records that belong to the record before them, and become the list `list_name` of it.

    `same` is a column that both have and that must agree; `count` is the parent's column that says how many.
    """

    parent: str
    list_name: str
    same: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """One type of record, known by the letter in its first column."""

    code: str
    columns: tuple[Column, ...]
    belongs: Belonging | None = None
    moments: tuple[Moment, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ContractError(f"Record {self.code} declares a column twice; keep one of each.")
        ordered = sorted(self.columns, key=lambda column: column.first)
        for before, after in pairwise(ordered):
            if after.first <= before.last:
                raise ContractError(f"Columns {before.name} and {after.name} of record {self.code} overlap.")
        for moment in self.moments:
            self.column(moment.day)
            self.column(moment.time)

    def column(self, name: str) -> Column:
        """The column of that name."""
        for item in self.columns:
            if item.name == name:
                return item
        raise ContractError(f"Record {self.code} has no column {name!r}.")

    @property
    def end(self) -> int:
        """The last byte that a column covers."""
        return max(column.last for column in self.columns)


@dataclass(frozen=True, slots=True)
class Total:
    """A column of the trailer that must equal the sum of a column over all records of a type."""

    trailer_column: str
    code: str
    column: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What begins and ends every file: which run it is and when it was made, how many records it has."""

    header: RecordLayout
    trailer: RecordLayout
    file: str = "FILNAM"
    run: str = "RUNNO"
    made: Moment = Moment("MADE_AT", "RUNDAT", "RUNTIM")
    version: str = "LAYVER"
    count: str = "RECCNT"

    def __post_init__(self) -> None:
        for name in (self.file, self.run, self.made.day, self.made.time, self.version):
            self.header.column(name)
        self.trailer.column(self.count)


@dataclass(frozen=True, slots=True)
class FileLayout:
    """One kind of file: fixed records without separators, in one code page, between a header and a trailer."""

    name: str
    length: int
    code_page: str
    envelope: Envelope
    records: tuple[RecordLayout, ...]
    totals: tuple[Total, ...] = ()
    version: str = "01"

    def __post_init__(self) -> None:
        try:
            find_code_page(self.code_page)
        except LookupError as error:
            raise ContractError(f"The code page of file {self.name} cannot be used. {error.args[0]}.") from error
        every = (self.envelope.header, *self.records, self.envelope.trailer)
        codes = [record.code for record in every]
        if len(set(codes)) != len(codes):
            raise ContractError(f"File {self.name} declares two records with one letter.")
        for record in every:
            if record.end > self.length or any(column.first == 1 for column in record.columns):
                raise ContractError(
                    f"Record {record.code} of {self.name} has a column outside bytes 2 to {self.length}."
                )
        self._check_references()

    def _check_references(self) -> None:
        for record in self.records:
            if record.belongs is not None:
                parent = self.record(record.belongs.parent)
                if record.belongs.same:
                    parent.column(record.belongs.same)
                    record.column(record.belongs.same)
                if record.belongs.count:
                    parent.column(record.belongs.count)
        for total in self.totals:
            self.envelope.trailer.column(total.trailer_column)
            self.record(total.code).column(total.column)

    def record(self, code: str) -> RecordLayout:
        """The record of that letter."""
        for item in self.records:
            if item.code == code:
                return item
        raise ContractError(f"File {self.name} has no record {code!r}.")
