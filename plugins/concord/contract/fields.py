"""The fields of a record: the vendor's path, our name, the kind, and the form in which a vendor writes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    """A vendor's own way to write a type: SQL that reads the landed text `{}`, Python that writes it back.

    What a value means may hang on another field of the record, such as an amount on its currency: `beside` is the
    name of that field, which the SQL may use as well, and `encode_beside` writes the value by that of the field.
    """

    sql: str = "{}"
    encode: Callable[[object], object] = unchanged
    beside: str = ""
    encode_beside: Callable[[object, object], object] | None = None

    def write(self, value: object, other: object = None) -> object:
        """The value as the vendor writes it, null for null; `other` is that of the field `beside`."""
        if value is None:
            return None
        return self.encode(value) if self.encode_beside is None else self.encode_beside(value, other)


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a record: the vendor's dotted path, our name, its type.

    `select` is what the vendor must be asked for when that is not the path itself; `write` the vendor's
    name for it in a write where that differs from the path. `landed_as_json` says that the vendor sends a
    JSON document there, which the form turns into the type. `json_type` is what a document must be, `array` or
    `object`, empty where it may be either; `members` are the kinds of the values that are taken out of it, by
    their SQL/JSON path, where `Kind.JSON` is a list. Of a list that is written, `numbers` names the members whose
    values are numbers, so that they have limits. An empty text means that there is no value, unless
    `keeps_empty` says that it is one of its own. What `is_personal` says something of a person or tells where one
    is to be found, so logs and messages do not show it.

    What an account has depends on its edition and settings. `optional` says that an account may lack the field,
    which is then not read and not written. `constant` names the entry of the connection's extra fields that holds
    the value of all records in such an account. `preferred` is the path that takes the place of `path` in an
    account that has it.

    `is_custom` says that the field is a fact of the resource's entity which Concord's own models do not know: it
    is compared with the fields of the same name in other systems, by the rules of the business. `is_computed` says
    that the vendor works the value out, as a formula or a sum, so that it is never written.
    """

    path: str
    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    form: Form = Form()
    select: str = ""
    write: str = ""
    landed_as_json: bool = False
    json_type: str = ""
    members: tuple[tuple[str, Kind], ...] = ()
    numbers: tuple[str, ...] = ()
    keeps_empty: bool = False
    is_personal: bool = False
    optional: bool = False
    constant: str = ""
    preferred: str = ""
    is_custom: bool = False
    is_computed: bool = False

    @property
    def parts(self) -> list[str]:
        """The keys of the path from the record's top down."""
        return split_path(self.path)

    def at(self, path: str) -> "Field":
        """The same field at another path of the vendor, where it is also written."""
        return self if path == self.path else replace(self, path=path, select="", write="")

    @property
    def is_document(self) -> bool:
        """Whether the landed text is a JSON document."""
        return self.landed_as_json or self.kind is Kind.JSON


def split_path(path: str) -> list[str]:
    r"""The keys of a dotted path; a dot within a key is written `\.`."""
    return [part.replace("\\.", ".") for part in _SEPARATOR.split(path)]
