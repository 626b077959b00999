"""The model of a service: entity types, their properties, and how values are stored, shown and read.

Stored values are plain: dates and moments as ISO text, decimals as text, and numbers of the `alpha` type padded
with zeros, as the server's own tables hold them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import msgspec

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Record
from sandbox.vendors.odata.errors import bad

ID, STAMP = "__id", "__stamp"
EDM = {
    "string": "Edm.String",
    "alpha": "Edm.String",
    "boolean": "Edm.Boolean",
    "date": "Edm.DateTime",
    "time": "Edm.Time",
    "moment": "Edm.DateTimeOffset",
    "decimal": "Edm.Decimal",
}
EDM_V4 = {**EDM, "date": "Edm.Date", "time": "Edm.TimeOfDay"}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an entity type; `alpha` numbers are padded to `length` inside the server."""

    name: str
    type: str = "string"
    length: int = 40
    is_writable: bool = True

    @property
    def empty(self) -> object:
        """The value that is stored where none was given."""
        return {"string": "", "alpha": "", "boolean": False}.get(self.type)

    def pad(self, text: str) -> str:
        """The stored form of a number: a text of digits is padded with zeros."""
        return text.zfill(self.length) if self.type == "alpha" and text.isdigit() else text

    def show(self, version: int, value: Any) -> Any:
        """A stored value as a body holds it."""
        if value is None:
            return None
        if self.type == "alpha" and str(value).isdigit():
            return str(value).lstrip("0") or "0"
        if self.type in ("date", "moment"):
            return _show_time(version, self.type, value)
        return msgspec.Raw(str(value).encode()) if self.type == "decimal" and version == 4 else value

    def take(self, value: Any) -> Any:
        """The value of a body in its stored form; `ODataError` where it does not fit."""
        if value is None:
            return self.empty
        match self.type:
            case "boolean" if isinstance(value, bool):
                return value
            case "decimal":
                return self._take_decimal(value)
            case "date" | "moment" if isinstance(value, str):
                return self._take_time(value)
            case "string" | "alpha" | "time" if isinstance(value, str):
                if len(value) > self.length:
                    raise bad(f"Property '{self.name}' has invalid value: too long", target=self.name)
                return self.pad(value)
        raise bad(f"Invalid type of property '{self.name}'", target=self.name)

    def _take_decimal(self, value: object) -> str:
        try:
            return str(Decimal(str(value)))
        except InvalidOperation as wrong:
            raise bad(f"Property '{self.name}' has invalid value", target=self.name) from wrong

    def _take_time(self, value: str) -> str:
        try:
            if value.startswith("/Date("):
                ticks = int(value.removeprefix("/Date(").removesuffix(")/").partition("+")[0])
                moment = to_datetime(ticks * 1000)
            else:
                moment = to_datetime(to_micros(value))
        except ValueError as wrong:
            raise bad(f"Property '{self.name}' has invalid value", target=self.name) from wrong
        return moment.date().isoformat() if self.type == "date" else moment.isoformat()


def _show_time(version: int, kind: str, value: str) -> str:
    if version == 2:
        return f"/Date({to_micros(value) // 1000}{'+0000' if kind == 'moment' else ''})/"
    if kind == "date":
        return value
    return to_datetime(to_micros(value)).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Navigation:
    """Entities inside a record (`via` empty), or those of another collection with the same value of a property.

    A body holds the entity itself and no list of it where there `is_one` at most.
    """

    name: str
    target: "EntityType"
    via: str = ""
    is_one: bool = False


@dataclass(frozen=True, slots=True)
class EntityType:
    """One collection: its properties, its key, and which operations are allowed.

    `touch` names the properties that a change moves. `is_guarded` entities have an ETag.
    """

    set_name: str
    keys: tuple[str, ...]
    properties: dict[str, Property]
    navigations: Mapping[str, Navigation] = field(default_factory=dict)
    touch: Callable[[Record, datetime], None] = lambda record, now: None
    methods: frozenset[str] = frozenset()
    is_guarded: bool = True
    flag: str = ""

    @property
    def type_name(self) -> str:
        """The name of the type of one entity."""
        return f"{self.set_name}Type"

    def id_of(self, record: Record) -> str:
        """The value of a single key, or the text between the brackets of the address."""
        shown = [str(self.properties[name].show(2, record[name])) for name in self.keys]
        if len(shown) == 1:
            return shown[0]
        pairs = zip(self.keys, (text.replace("'", "''") for text in shown), strict=True)
        return ",".join(f"{name}='{text}'" for name, text in pairs)

    def segment(self, record: Record) -> str:
        """The collection and the key as an address."""
        name = record[ID]
        inner = name if len(self.keys) > 1 else "'" + name.replace("'", "''") + "'"
        return f"{self.set_name}({quote(inner, safe=chr(39) + '=,')})"

    def complete(self, record: Record) -> Record:
        """A record as it is stored: every property, padded numbers, inner entities, its id and its stamp."""
        whole = {name: record.get(name, item.empty) for name, item in self.properties.items()}
        for name, item in self.properties.items():
            if item.type == "alpha" and whole[name]:
                whole[name] = item.pad(str(whole[name]))
        for name, navigation in self.navigations.items():
            if not navigation.via:
                whole[name] = [_inner(navigation.target, part) for part in record.get(name, [])]
        whole[STAMP] = record.get(STAMP) or datetime.now(UTC).isoformat()
        whole[ID] = self.id_of(whole)
        return whole

    def etag(self, record: Record) -> str:
        """The ETag: the moment of the last write to a tenth of a microsecond."""
        moment = to_datetime(to_micros(record[STAMP])).replace(tzinfo=None)
        text = quote(moment.isoformat(timespec="microseconds"), safe="")
        return f"W/\"datetimeoffset'{text}0Z'\""


def _inner(target: EntityType, part: Record) -> Record:
    return target.complete({**part, STAMP: "2026-01-01T00:00:00+00:00"})


def properties(*items: Property) -> dict[str, Property]:
    """The properties by name."""
    return {item.name: item for item in items}
