"""OData, V2 and V4: the address of a service, values as its addresses hold them, and the keys of entities.

V2: https://www.odata.org/documentation/odata-version-2-0/
V4: https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from concord.contract import Session, VendorRules
from concord.errors import RequestError

COMPOSED_KEY = "@key"
RULES = VendorRules(
    reasons=(
        "error.details.message",
        "error.innererror.errordetails.message",
        "error.message.value",
        "error.message",
    )
)
_TICKS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d+)?\)/")  # a day as version 2 sends it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAIR = re.compile(r"(\w+)=((?:'(?:[^']|'')*'|[^',])*)(?:,|$)")


class Version(StrEnum):
    """The protocol's version, which decides how values and pages are written."""

    V2 = "2.0"
    V4 = "4.0"


@dataclass(frozen=True, slots=True)
class ODataService:
    """One service of a server.

    `option` names the entry of the connection's extra fields that overrides `path`; `parameters` are query
    parameters taken from there where they are set. `needs_token` is for servers that take no write without a
    token against cross-site requests.
    """

    path: str
    version: Version = Version.V2
    option: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    needs_token: bool = False

    def address(self, session: Session, rest: str = "") -> str:
        """The path of `rest` within the service."""
        path = session.option(self.option, self.path) if self.option else self.path
        return f"{path.rstrip('/')}/{rest}"

    def query(self, session: Session) -> dict[str, str]:
        """The parameters that go with every call."""
        found = {name: session.connection.extra.get(option) for name, option in self.parameters.items()}
        return {name: str(value) for name, value in found.items() if value}

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that name the version of the protocol."""
        if self.version is Version.V4:
            return {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
        return {"DataServiceVersion": "2.0", "MaxDataServiceVersion": "2.0"}


def write_literal(version: Version, value: object, kind: str = "Edm.String") -> str:
    """A value as a filter or an address holds it."""
    match value:
        case datetime():
            return _write_moment(version, value)
        case date():
            return value.isoformat() if version is Version.V4 else f"datetime'{value.isoformat()}T00:00:00'"
        case time():
            return value.isoformat() if version is Version.V4 else f"time'{value.strftime('PT%HH%MM%SS')}'"
    text = str(value)
    if kind == "Edm.String":
        doubled = text.replace("'", "''")
        return f"'{doubled}'"
    text = _in_words(text) if kind == "Edm.DateTime" else text
    if not re.fullmatch(r"[\w.:+-]+", text):
        raise RequestError("A look-up value does not fit the type of its property; nothing was requested.")
    if version is Version.V2:
        marked = {"Edm.Guid": f"guid'{text}'", "Edm.DateTime": f"datetime'{text}'"}
        return (marked | {"Edm.Int64": f"{text}L", "Edm.Decimal": f"{text}M"}).get(kind, text)
    return text


def _in_words(text: str) -> str:
    """A day and time in words where it comes in ticks, as version 2 sends it."""
    ticks = _TICKS.fullmatch(text)
    try:
        moment = _EPOCH + timedelta(milliseconds=int(ticks[1])) if ticks else None
    except OverflowError:
        return text
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") if moment else text


def _write_moment(version: Version, moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return text if version is Version.V4 else f"datetimeoffset'{text}'"


@dataclass(frozen=True, slots=True)
class EntityKey:
    """The properties that name an entity, and their types where they are no strings.

    The key of one property is its value. That of several is what stands between the brackets of an entity's
    address: `Order='1',Item='10'`.
    """

    names: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_composed(self) -> bool:
        """Whether it takes more than one property."""
        return len(self.names) > 1

    def of(self, record: Mapping[str, Any]) -> str:
        """The key of a record."""
        if not self.is_composed:
            return str(record.get(self.names[0]))
        return ",".join(f"{name}={write_literal(Version.V4, record.get(name) or '')}" for name in self.names)

    def parts(self, key: str) -> dict[str, str]:
        """The values by property that a key stands for."""
        if not self.is_composed:
            return {self.names[0]: key}
        found = {name: _unquoted(value) for name, value in _PAIR.findall(key)}
        if set(found) != set(self.names):
            raise RequestError(f"A key does not hold {', '.join(self.names)}; read the collection again.")
        return {name: found[name] for name in self.names}

    def segment(self, version: Version, key: str) -> str:
        """The brackets behind the collection's name, fit for an address."""
        values = {
            name: quote(self.literal(version, name, value), safe="") for name, value in self.parts(key).items()
        }
        if not self.is_composed:
            return f"({values[self.names[0]]})"
        return f"({','.join(f'{name}={value}' for name, value in values.items())})"

    def condition(self, version: Version, key: str) -> str:
        """The filter that finds this entity alone."""
        pairs = self.parts(key).items()
        words = " and ".join(f"{name} eq {self.literal(version, name, value)}" for name, value in pairs)
        return f"({words})" if self.is_composed else words

    def beyond(self, version: Version, record: Mapping[str, Any]) -> str:
        """The filter for all that follows a record in the order of the key."""
        steps = []
        for count, name in enumerate(self.names):
            above = [f"{other} eq {self._held(version, other, record)}" for other in self.names[:count]]
            steps.append(" and ".join([*above, f"{name} gt {self._held(version, name, record)}"]))
        return " or ".join(f"({step})" for step in steps) if self.is_composed else steps[0]

    def literal(self, version: Version, name: str, value: object) -> str:
        """The value of one property as an address holds it."""
        return write_literal(version, value, self.types.get(name, "Edm.String"))

    def _held(self, version: Version, name: str, record: Mapping[str, Any]) -> str:
        return self.literal(version, name, record.get(name) or "")


def _unquoted(value: str) -> str:
    return value[1:-1].replace("''", "'") if value.startswith("'") else value


def any_of(conditions: Sequence[str]) -> str:
    """The filter that holds where one of the conditions does."""
    return " or ".join(conditions)


def all_of(conditions: Sequence[str]) -> str:
    """The filter that holds where all conditions do; empty ones are left out."""
    wanted = [condition for condition in conditions if condition]
    return wanted[0] if len(wanted) == 1 else " and ".join(f"({condition})" for condition in wanted)
