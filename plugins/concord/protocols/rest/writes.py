"""Writes single records of a REST service by declaration: where, by which method, and how an update is guarded.

Every record is read right before it is updated, and left alone if it moved since the plan. A create is looked up
by the resource's natural key before it is sent. A write whose response does not say how it ended is unknown, and
is not sent again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote, urljoin

from concord.contract import Change, Outcome, Resource, Response, Session
from concord.contract.fields import split_path
from concord.errors import ContractError, RequestError
from concord.protocols.rest.preconditions import Precondition
from concord.protocols.rest.records import GONE, KEY, SingleRecord, address_of, check_path, whole_address
from concord.protocols.rest.responses import ResponsePaths
from concord.protocols.values import (
    Record,
    decode_record,
    get_at,
    put_at,
    remove_at,
    value_at,
    values_by_path,
    verbatim,
)
from concord.protocols.writing import (
    confirmed,
    conflicted,
    read_records,
    rejected,
    settle_all,
    split_existing,
    split_known,
    unknown,
)

_CONFLICTS = GONE | {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
Part = TypeVar("Part")
_METHODS = frozenset({"PATCH", "POST", "PUT"})
_BODY_IS_KEY_AND_REASON = ResponsePaths()


@dataclass(frozen=True, slots=True)
class Update:
    """Updates a record by `method` at `path`, which holds `{key}`, alone where the key is the record's address.

    With a `precondition` the service refuses an update of a record that moved; without one, the record is only
    read and compared right before. `conflicts` are the statuses that say that it moved; a refusal with any other
    is a rejection.

    What a service replaces as a whole is sent as a whole, as its own address shows it right before. A PUT sends
    all of the record except what lies at the paths `left_out`, such as what only the service sets. Other methods
    send along the values at the paths `kept` in which something changes.
    """

    path: str
    method: str = "PATCH"
    precondition: Precondition | None = None
    conflicts: frozenset[int] = _CONFLICTS
    kept: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_path(self.path)
        _check_method(self.method)
        if self.kept if self.method == "PUT" else self.left_out:
            raise ContractError("A PUT sends all but what is `left_out`; other methods send along what is `kept`.")

    @property
    def needs_whole(self) -> bool:
        """Whether the record is read at its own address, since a list may show a part of it only."""
        return self.method == "PUT" or bool(self.kept)

    def body(self, values: Mapping[str, object], record: Record) -> dict[str, Any]:
        """What to send of the record: the values that change by their path, over the present ones beside them."""
        body: dict[str, Any] = {}
        if self.method == "PUT":
            body = verbatim(record)
            for path in self.left_out:
                remove_at(body, path)
        for path in sorted(self.kept):
            if any(_lies_in(name, path) for name in values):
                put_at(body, path, verbatim(get_at(record, path)))
        return _placed(values, body)


@dataclass(frozen=True, slots=True)
class Create:
    """Creates a record by `method` at `path`; `constants` are values by path that go with every new record."""

    path: str
    method: str = "POST"
    constants: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_method(self.method)
        if not self.path or KEY in self.path:
            raise ContractError(f"{self.path!r} cannot be the path of a create, which has no key yet.")


@dataclass(frozen=True, slots=True)
class RestWrites:
    """Writes one record a call; a field goes to its `write` path in the body, or to its path if it has none.

    Leave out `update` or `create` if the service, or the business, does not allow it. `wrapper` is the path under
    which a record lies in the body of requests and responses, empty where the body is the record. `response` says
    what else a response holds. `idempotency_header` is the header that carries the change id, empty for none.
    """

    update: Update | None = None
    create: Create | None = None
    wrapper: str = ""
    response: ResponsePaths = _BODY_IS_KEY_AND_REASON
    idempotency_header: str = ""
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.update is None and self.create is None:
            raise ContractError("RestWrites writes nothing; declare `update`, `create` or both.")

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; `ContractError` where nothing was sent and a kind of change is not declared."""
        updates = [change for change in changes if change.key is not None]
        creates, found = split_existing(session, resource, [change for change in changes if change.key is None])
        call = _Call(self, session, resource)
        return settle_all(([change] for change in (*creates, *updates)), call.write, found)


class _Call:
    """One call of the writer: what it works with, and its steps."""

    def __init__(self, writer: RestWrites, session: Session, resource: Resource) -> None:
        self._writer, self._session, self._resource = writer, session, resource

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """The outcome of one change."""
        (change,) = changes
        if change.key is None:
            return [self._create(_declared(self._writer.create, self._resource), change)]
        return [self._update(_declared(self._writer.update, self._resource), change, change.key)]

    def _update(self, update: Update, change: Change, key: str) -> Outcome:
        record, etag = self._read(update, key)
        _, ended = split_known(self._resource, [change], {} if record is None else {key: record})
        if ended or record is None:
            return ended[0]
        headers = self._precondition(update, change, record, etag)
        if headers is None:
            return rejected(change, "The record has no value for the precondition; declare another precondition.")
        try:
            body = update.body(values_by_path(self._resource, change, record), record)
            headers |= self._signed(change)
            response = self._send(update.method, address_of(update.path, key), body, headers)
        except RequestError as error:
            if error.facts.get("status") in update.conflicts:
                return conflicted(change)
            raise
        told = self._writer.response.key_in(response, self._writer.wrapper)
        if response.status == HTTPStatus.ACCEPTED or told not in (None, key):
            return unknown(change, "The response does not say that this record was written; read it back.")
        return confirmed(change)

    def _read(self, update: Update, key: str) -> tuple[Record | None, str]:
        """The record as it is now, None where it is gone, and its ETag where the precondition needs it."""
        needs_etag = update.precondition is not None and update.precondition.reads_etag
        if not needs_etag and not update.needs_whole:
            return read_records(self._session, self._resource, [key]).get(key), ""
        raw, headers = SingleRecord(update.path, self._writer.wrapper).read(self._session, key)
        return None if raw is None else decode_record(self._resource, raw), headers.get("etag", "")

    def _precondition(self, update: Update, change: Change, record: Record, etag: str) -> dict[str, str] | None:
        """The headers of the precondition, None where the value they need is missing."""
        if update.precondition is None:
            return {}
        guards = map(self._resource.field, self._resource.guards)
        seen = [change.guard.get(item.name) or value_at(record, item) for item in guards]
        found = (update.precondition.headers(value or None, etag) for value in (*seen, None))
        return next(filter(None, found), None)

    def _create(self, create: Create, change: Change) -> Outcome:
        body = _placed({**create.constants, **values_by_path(self._resource, change)}, {})
        response = self._send(create.method, create.path, body, self._signed(change))
        key = self._writer.response.key_in(response, self._writer.wrapper)
        key = key or self._key_at(response.headers.get("location", ""), create)
        if response.status == HTTPStatus.ACCEPTED or key is None:
            return unknown(change, "The response does not name the new record; look it up.")
        return confirmed(change, key)

    def _key_at(self, location: str, create: Create) -> str | None:
        """The key in the address of a new record, None where there is no address or it is of another form."""
        path = self._writer.update.path if self._writer.update else f"{create.path.rstrip('/')}/{KEY}"
        if not location or path == KEY:
            return urljoin(whole_address(self._session, ""), location) if location else None
        pattern = re.escape(path).replace(re.escape(KEY), "([^/?#]+)")
        found = re.search(f"{pattern}/?$", location)
        return unquote(found.group(1)) if found else None

    def _signed(self, change: Change) -> dict[str, str]:
        name = self._writer.idempotency_header
        return {name: change.change_id} if name else {}

    def _send(self, method: str, path: str, record: dict[str, Any], headers: Mapping[str, str]) -> Response:
        """The good response; the error of a refusal carries the vendor's words."""
        wrapper = self._writer.wrapper
        body = _placed({wrapper: record}, {}) if wrapper else record
        reader = self._writer.response
        try:
            response = self._session.with_headers(headers).fetch(method, path, body=body, is_write=True)
        except RequestError as error:
            refusal = error.facts.get("response")
            if isinstance(refusal, Response) and (reason := reader.reason_in(refusal)):
                error.facts["sentence"] = f"{refusal.status}: {reason}"
            raise
        reader.check(response, f"{method} {path}")
        return response


def _placed(values: Mapping[str, object], body: dict[str, Any]) -> dict[str, Any]:
    """The body with the values at their paths."""
    for path, value in values.items():
        put_at(body, path, value)
    return body


def _declared(part: Part | None, resource: Resource) -> Part:
    if part is None:
        raise ContractError(f"{resource.name} has a change of a kind that its RestWrites does not declare.")
    return part


def _check_method(method: str) -> None:
    if method not in _METHODS:
        raise ContractError(f"A record is written by {', '.join(sorted(_METHODS))}, not by {method}.")


def _lies_in(path: str, above: str) -> bool:
    parts = split_path(above)
    return split_path(path)[: len(parts)] == parts
