"""SOAP lists by declaration: which operation lists, where its parameters go, where the response holds the records.

The paths are dotted and lead through the request or the response as the WSDL shapes them. Types are the WSDL's:
decimals keep their digits as text, times get the zone of the connection's `time_zone` where they come without one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window
from concord.errors import ServerError
from concord.protocols.counting import known_by_key, with_moved
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import Pages, batched, keys_in
from concord.protocols.soap.calls import Calls, SoapService
from concord.protocols.soap.verdicts import ALL_GOOD, Verdicts
from concord.protocols.values import decoder_at, get_at, put_at

_NO_MORE = (None, "", False, 0, "false", "N")


@dataclass(frozen=True, slots=True)
class SoapList(NotDescribed):
    """Reads `operation`; its records are at `records` of the response.

    Pages go by row number (`start`, counted from `first`), or, where `handle` is the place of a mark in the
    response, by sending that mark back as `handle_parameter` to `next_operation`. Reading ends where `more`
    says so, else where a page brings nothing new: a page that is not full may have been capped. A page by row
    number begins with the last record of the one before; where it does not, records moved up between the two,
    and the pages before are read again. `lookup` is the parameter for one value, or for several where the WSDL
    makes it a list (`lookup_size`).
    """

    service: SoapService
    operation: str
    records: str
    since: str = ""
    until: str = ""
    start: str = "startRow"
    rows: str = "maxRows"
    size: int = 200
    first: int = 1
    more: str = ""
    handle: str = ""
    handle_parameter: str = ""
    next_operation: str = ""
    constants: Mapping[str, object] = field(default_factory=dict)
    lookup: Mapping[str, str] = field(default_factory=dict)
    lookup_size: int = 1
    verdicts: Verdicts = ALL_GOOD

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the operation can tell."""
        bounds: dict[str, object] = {}
        if window is not None and self.since:
            bounds[self.since] = window.start
        if window is not None and self.until and not window.is_open:
            bounds[self.until] = window.end
        yield from self._pages(session, resource, bounds)

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all records, each read as a whole."""
        return keys_in(resource, self.read_window(session, resource, None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records that a search for the values finds."""
        if name == resource.key and name not in self.lookup:
            yield from self._scan(session, resource, frozenset(values))
            return
        for some in batched(values, self.lookup_size):
            wanted = some[0] if self.lookup_size == 1 else list(some)
            yield from self._pages(session, resource, {self.lookup[name]: wanted})

    def _scan(self, session: Session, resource: Resource, keys: frozenset[str]) -> Iterator[Page]:
        """The records of the whole list that have one of these keys."""
        key_of = decoder_at(resource.field(resource.key).path)
        for page in self._pages(session, resource, {}):
            yield [raw for raw in page if str(key_of(raw)) in keys]

    def _pages(self, session: Session, resource: Resource, asked: Mapping[str, object]) -> Iterator[Page]:
        calls, zone, seen = self.service.open(session), session.connection.zone(), 0
        known, pages, mark, operation = known_by_key(resource), Pages(resource.name), None, self.operation

        def fetch(row: int, mark: object = None, operation: str = self.operation) -> tuple[Any, Page]:
            response = self._ask(calls, operation, self._parameters(asked, mark, row))
            found = get_at(response, self.records)
            records = found if isinstance(found, list) else [] if found is None else [found]
            return response, [as_json(record, zone) for record in records]

        while True:
            row = 0 if self.handle else seen - 1 if seen > 1 else seen
            response, page = fetch(row, mark, operation)
            if self.handle:
                yield page
            else:
                yield from with_moved(known, page, (fetch(at)[1] for at in self._rows_before(row)))
            before, seen = seen, row + len(page)
            mark = get_at(response, self.handle) if self.handle else seen
            if self._is_last(response, mark, has_new=row + len(page) > before):
                return
            pages.note_next(mark)
            operation = self.next_operation or self.operation

    def _rows_before(self, row: int) -> Iterator[int]:
        """The rows at which the pages before begin, the nearest first."""
        while row > 0:
            row = max(0, row - self.size)
            yield row

    def _ask(self, calls: Calls, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        def check(response: Mapping[str, Any]) -> None:
            self.verdicts.check(operation, response)

        return calls.read(operation, parameters, check)

    def _is_last(self, response: Mapping[str, Any], mark: object, *, has_new: bool) -> bool:
        if self.more:
            said = get_at(response, self.more)
            if said is None:
                raise ServerError(
                    f"A page of {self.operation} does not say at {self.more} whether more follow; "
                    "run the task again."
                )
            return said in _NO_MORE
        return mark in _NO_MORE if self.handle else not has_new

    def _parameters(self, asked: Mapping[str, object], mark: object, seen: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if mark is not None and self.next_operation:
            put_at(made, self.handle_parameter, mark)
            return made
        for path, value in {**self.constants, **asked}.items():
            put_at(made, path, value)
        if self.rows:
            put_at(made, self.rows, self.size)
        if self.handle and mark is not None:
            put_at(made, self.handle_parameter, mark)
        elif self.start and not self.handle:
            put_at(made, self.start, self.first + seen)
        return made


def as_json(record: Any, zone: tzinfo) -> msgspec.Raw:
    """One record as it will land; what JSON has no form for lands as text."""
    return msgspec.Raw(msgspec.json.encode(_zoned(record, zone), enc_hook=str))


def _zoned(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, Mapping):
        return {name: _zoned(item, zone) for name, item in value.items()}
    if isinstance(value, list):
        return [_zoned(item, zone) for item in value]
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    return value
