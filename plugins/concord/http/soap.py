"""SOAP lists and writes by declaration: which operation, where its parameters go, where the answer says what.

A place is a dotted path through the request or the answer as the WSDL shapes them. Types are the WSDL's: decimals
keep their digits as text, times get the zone of the connection's `time_zone` where they come without one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from zeep import xsd

from concord.contract import Change, Manners, Outcome, Page, Resource, Session, Window
from concord.errors import OutcomeUnknownError, RequestError, ServerError
from concord.http.guards import split_moved
from concord.http.masking import masked
from concord.http.outcomes import confirmed, conflicted, settle_all
from concord.http.paging import Pages, batched
from concord.http.soap_calls import Calls, SoapService, find, place

MANNERS = Manners(fault_mark="Envelope")
_NO_MORE = (None, "", False, 0, "false", "N")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where an answer under 200 says how it went: `code` is good, or why it was refused.

    `busy` codes mean "not now", `moved` that the record is no longer what we saw, also within a fault.
    """

    code: str = ""
    good: frozenset[str] = frozenset({"0"})
    busy: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    messages: str = ""

    def check(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Raise what a code that is not good means."""
        code = str(find(answer, self.code)) if self.code else ""
        if not self.code or code in self.good:
            return
        words = f"{code}: {_words(find(answer, self.messages)) or 'no reason given'}"
        if code in self.busy:
            raise ServerError(f"{operation} is not to be had just now ({masked(words)}).", is_fault=True)
        raise RequestError(
            f"{operation} refused the call with {masked(words)}.", sentence=words, codes=frozenset({code})
        )


@dataclass(frozen=True, slots=True)
class SoapList:
    """Reads `operation`; its records are at `records` of the answer.

    Pages go by row number (`start`, counted from `first`), or, where `handle` is the place of a mark in the
    answer, by sending that mark back as `handle_parameter` to `next_operation`. Reading ends where `more` says
    so, or at a page that is not full. `lookup` is the parameter for one value, or for several where the WSDL
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
    verdicts: Verdicts = Verdicts()

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """All records, or those changed within the window where the operation can tell."""
        bounds: dict[str, object] = {}
        if window is not None and self.since:
            bounds[self.since] = window.start
        if window is not None and self.until:
            bounds[self.until] = window.end
        yield from self._pages(session, resource, bounds)

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The records that a search for the values finds."""
        for some in batched(values, self.lookup_size):
            wanted = some[0] if self.lookup_size == 1 else list(some)
            yield from self._pages(session, resource, {self.lookup[name]: wanted})

    def _pages(self, session: Session, resource: Resource, asked: Mapping[str, object]) -> Iterator[Page]:
        calls, zone, seen = self.service.open(session), session.connection.zone(), 0
        pages, mark, operation = Pages(resource.name), None, self.operation
        while True:
            answer = self._ask(calls, operation, self._parameters(asked, mark, seen))
            found = find(answer, self.records)
            records = found if isinstance(found, list) else [] if found is None else [found]
            seen += len(records)
            yield [as_json(record, zone) for record in records]
            mark = find(answer, self.handle) if self.handle else seen
            if self._is_last(answer, mark, len(records)):
                return
            pages.turn(mark)
            operation = self.next_operation or self.operation

    def _ask(self, calls: Calls, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        def check(answer: Mapping[str, Any]) -> None:
            self.verdicts.check(operation, answer)

        return calls.read(operation, parameters, check)

    def _is_last(self, answer: Mapping[str, Any], mark: object, count: int) -> bool:
        if self.more:
            return find(answer, self.more) in _NO_MORE
        return mark in _NO_MORE if self.handle else count < self.size

    def _parameters(self, asked: Mapping[str, object], mark: object, seen: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if mark is not None and self.next_operation:
            place(made, self.handle_parameter, mark)
            return made
        for path, value in {**self.constants, **asked}.items():
            place(made, path, value)
        if self.rows:
            place(made, self.rows, self.size)
        if self.handle and mark is not None:
            place(made, self.handle_parameter, mark)
        elif self.start and not self.handle:
            place(made, self.start, self.first + seen)
        return made


@dataclass(frozen=True, slots=True)
class SoapWrites:
    """Writes one record a call: `update` and `create` name the operations, fields go to `record`.

    Records are read before an update, and those that moved are left alone; where the service compares by itself,
    `guard` is the place for what the plan saw. `key` is the place of the record's key in an update, `created` that
    of the new key in the answer to a creation. `message_id` takes the change id: a service that knows its messages
    does not carry one out twice, so that a failure may be repeated.
    """

    service: SoapService
    update: str = ""
    create: str = ""
    record: str = ""
    key: str = ""
    guard: str = ""
    created: str = ""
    message_id: str = ""
    constants: Mapping[str, object] = field(default_factory=dict)
    verdicts: Verdicts = Verdicts()
    size: int = 20

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        ready, moved, _ = split_moved(session, resource, changes)
        if not ready:
            return moved
        calls = self.service.open(session)
        return settle_all(
            ([change] for change in ready),
            lambda some: [self._send(calls, resource, change) for change in some],
            moved,
        )

    def _send(self, calls: Calls, resource: Resource, change: Change) -> Outcome:
        operation = self.create if change.key is None else self.update
        try:
            answer = calls.write(
                operation, self._parameters(resource, change), is_repeatable=bool(self.message_id)
            )
            self.verdicts.check(operation, answer)
        except RequestError as error:
            codes = error.facts.get("codes")
            if isinstance(codes, frozenset) and codes & self.verdicts.moved:
                return conflicted(change, "The service says that the record has changed since the plan was made.")
            raise
        if change.key is not None:
            return confirmed(change)
        key = find(answer, self.created)
        if key is None:
            raise OutcomeUnknownError(f"The answer to {operation} does not name the new record; read it back.")
        return confirmed(change, str(key))

    def _parameters(self, resource: Resource, change: Change) -> dict[str, Any]:
        made: dict[str, Any] = {}
        above = f"{self.record}." if self.record else ""
        for path, value in self.constants.items():
            place(made, path, value)
        for name, value in change.after.items():
            item = resource.field(name)
            written = item.form.encode(value)
            place(made, above + (item.write or item.path), xsd.Nil if written is None else written)
        if change.key is not None:
            place(made, self.key, change.key)
            guard = resource.writes.guard if resource.writes is not None else ""
            if self.guard and guard:
                place(made, self.guard, change.guard.get(guard))
        if self.message_id:
            place(made, self.message_id, change.change_id)
        return made


def _words(messages: Any) -> str:
    """What a list of messages says, however it is shaped."""
    if isinstance(messages, Mapping):
        return " ".join(word for value in messages.values() if (word := _words(value)))
    if isinstance(messages, list):
        return "; ".join(word for item in messages if (word := _words(item)))
    return "" if messages is None else str(messages)


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
