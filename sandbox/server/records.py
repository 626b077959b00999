"""Records of a vendor as JSON objects, and their collections: key, change stamp and look-up values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Record = dict[str, Any]
Key = int | str
decode = msgspec.json.decode
encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of record: how its ids sort, which field is its stamp, and by which values it can be looked up."""

    name: str
    id_field: str
    stamp_field: str
    key_of: Callable[[str], Key]
    stamp_of: Callable[[Record], int]
    lookups: Mapping[str, Callable[[Record], str | None]] = field(default_factory=dict)
    deleted_field: str | None = None

    @property
    def table(self) -> str:
        """The table's name, quoted, since a vendor may call its object `Order`."""
        return f'"records_{self.name}"'

    def is_deleted(self, record: Record) -> bool:
        """Whether the vendor still shows the record, marked as deleted."""
        return bool(self.deleted_field and record.get(self.deleted_field))


def normalised(value: object) -> str | None:
    """The text by which a value is looked up, without case and outer spaces; None where it is empty."""
    text = str(value).strip().casefold() if value is not None else ""
    return text or None


def shorten(value: Any, wanted: str) -> Any:
    """The value without its last sign wherever it is the wanted one; a number of it loses its last digit."""
    if isinstance(value, dict):
        return {name: shorten(inner, wanted) for name, inner in value.items()}
    if isinstance(value, list):
        return [shorten(inner, wanted) for inner in value]
    if str(value) != wanted or isinstance(value, bool):
        return value
    return type(value)(wanted[:-1])
