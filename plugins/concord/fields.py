"""The fields of a record: the vendor's path, our name, the kind, and the form in which a vendor writes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_SEPARATOR = re.compile(r"(?<!\\)\.")


class Kind(StrEnum):
    """What a field holds; the value is PostgreSQL's name for it."""

    TEXT = "text"
    INTEGER = "bigint"
    DECIMAL = "numeric"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamptz"
    DATE = "date"
    JSON = "jsonb"


def unchanged(value: object) -> object:
    """The vendor writes this type as JSON does."""
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """A vendor's own way to write a type: SQL that reads the landed text `{}`, Python that writes it back."""

    sql: str = "{}"
    encode: Callable[[object], object] = unchanged


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a record: the vendor's dotted path, our name, its type.

    `select` is what the vendor must be asked for when that is not the path itself; `write` the vendor's
    name for it in a write where that differs from the path. `landed_as_json` says that the vendor sends a
    JSON document there, which the form turns into the type.
    """

    path: str
    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    form: Form = Form()
    select: str = ""
    write: str = ""
    landed_as_json: bool = False

    @property
    def parts(self) -> list[str]:
        """The keys of the path from the record's top down."""
        return split_path(self.path)

    @property
    def is_document(self) -> bool:
        """Whether the landed text is a JSON document."""
        return self.landed_as_json or self.kind is Kind.JSON


def split_path(path: str) -> list[str]:
    r"""The keys of a dotted path; a dot within a key is written `\.`."""
    return [part.replace("\\.", ".") for part in _SEPARATOR.split(path)]
