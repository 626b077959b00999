"""SOQL: queries over REST that return pages by a locator, and over Bulk API 2.0 where the result is large.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_query.htm
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from concord.contract import ChangedBetween, Kind, Page, Resource, Session, Window
from concord.errors import ServerError
from concord.protocols.counting import check_total
from concord.protocols.reading import Pages, ask, batched, keys_in, only_fields, prefetch
from concord.systems.salesforce.bulk_reading import read_bulk

_KEYS_PER_QUERY = 200


class _Found(msgspec.Struct, rename="camel"):
    records: list[msgspec.Raw]
    done: bool
    total_size: int
    next_records_url: str | None = None


class FieldInfo(msgspec.Struct):
    """One field of an object as the login sees it; `updateable` is None where the vendor does not say it."""

    name: str
    type: str
    updateable: bool | None = None


class _Description(msgspec.Struct):
    fields: list[FieldInfo]


_found = msgspec.json.Decoder(_Found)
_description = msgspec.json.Decoder(_Description)
_KINDS = {
    **dict.fromkeys(("double", "currency", "percent"), Kind.DECIMAL),
    **dict.fromkeys(("int", "long"), Kind.INTEGER),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.TIMESTAMP,
}


@dataclass(frozen=True, slots=True)
class SalesforceApi:
    """Where the REST API lies; the connection's `api_version` overrides `version`."""

    version: str

    def path(self, session: Session, rest: str) -> str:
        """The address of a call in the API version in use."""
        return f"/services/data/v{session.option('api_version', self.version)}/{rest}"


def describe_object(api: SalesforceApi, session: Session, sobject: str) -> list[FieldInfo]:
    """The fields of one object that the login may see; one that it may not see is not there."""
    path = api.path(session, f"sobjects/{sobject}/describe")
    return session.once(f"GET {path}", lambda: ask(session, _description, "GET", path)).fields


@dataclass(frozen=True, slots=True)
class SoqlQuery:
    """Reads one object with `queryAll`, so that deleted and merged records come with the window.

    The first page tells how many records there are; a window of more than `bulk_above` (which the connection's
    `bulk_read_above` overrides) is then read by a bulk job instead. At 0 every window is, without counting.
    `only` is the field, by our name, that a record of this kind fills, where one object holds several kinds. An
    account that lacks the field has none of them.
    """

    api: SalesforceApi
    sobject: str
    bulk_above: int = 10_000
    only: str = ""

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None]:
        """What the describe call says; of fields that the user may not see it says nothing."""
        found = describe_object(self.api, session, self.sobject)
        return {item.name: _KINDS.get(item.type, Kind.TEXT) for item in found}

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records changed within the window; only a small result is in the order of change."""
        condition = ""
        if window is not None and isinstance(resource.changes, ChangedBetween):
            stamp = resource.field(resource.changes.field).path
            condition = f"{stamp} >= {_literal(window.start)}"
            if not window.is_open:
                condition += f" AND {stamp} < {_literal(window.end)}"
        return prefetch(self._read(session, resource, condition, most=self._most(session)))

    def read_pages(self, session: Session, resource: Resource) -> Iterator[Page]:
        """The records there are now, without a bulk job."""
        return prefetch(self._read(session, resource, ""))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, deleted ones included."""
        needed = {item.name for item in resource.fields if item.name == self.only}
        return keys_in(resource, self.read_window(session, only_fields(resource, needed), None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records whose field has one of these values."""
        path = resource.field(name).path
        for some in batched(values, _KEYS_PER_QUERY):
            listed = ", ".join(_quoted(value) for value in some)
            yield from self._read(session, resource, f"{path} IN ({listed})")

    def _most(self, session: Session) -> int:
        return int(session.connection.number("bulk_read_above", self.bulk_above))

    def _read(
        self, session: Session, resource: Resource, condition: str, *, most: int | None = None
    ) -> Iterator[Page]:
        if self.only and all(field.name != self.only for field in resource.fields):
            return
        filled = f"{resource.field(self.only).path} != null" if self.only else ""
        names = ", ".join(dict.fromkeys(field.path for field in resource.fields))
        where = " AND ".join(part for part in (filled, condition) if part)
        query = f"SELECT {names} FROM {self.sobject}{where and f' WHERE {where}'}"  # noqa: S608  # values are quoted
        order = {"q": f"{query} ORDER BY {self._order(resource)}"}
        path = self.api.path(session, "queryAll")
        found = None if most == 0 else ask(session, _found, "GET", path, params=order)
        if found is None or (most is not None and found.total_size > most):
            yield from read_bulk(session, resource, self.api.path(session, "jobs/query"), query)
        else:
            yield from _pages(session, resource, found)

    def _order(self, resource: Resource) -> str:
        key = resource.field(resource.key).path
        return f"{resource.field(resource.modified).path}, {key}" if resource.modified else key


def _pages(session: Session, resource: Resource, found: _Found) -> Iterator[Page]:
    """The page that was found and those behind it; a `ServerError` where fewer records come than it announced."""
    pages, announced, came = Pages(resource.name), found.total_size, len(found.records)
    yield found.records
    while not found.done:
        if not found.next_records_url:
            raise ServerError(
                f"A page of {resource.name} says that more follow, but not where; run the task again."
            )
        pages.note_next(found.next_records_url)
        found = ask(session, _found, "GET", found.next_records_url)
        came += len(found.records)
        yield found.records
    check_total(resource.name, came, announced)


def _literal(moment: datetime) -> str:
    """SOQL's unquoted stamp, which knows milliseconds at most; both ends of a window are cut alike."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
