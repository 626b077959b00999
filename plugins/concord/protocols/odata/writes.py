"""Writes entities of an OData service: each change is guarded by its ETag, and has an outcome of its own.

A server that fails a changeset fails all of it, so every record has one of its own. A create is looked up
before it is sent, because nothing else keeps a server from making the record twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from concord.contract import Change, Outcome, Resource, Response, Session
from concord.errors import ContractError, RequestError
from concord.protocols.odata.batch import CONTINUE_ON_ERROR, Operation, Result, read_batch, write_batch
from concord.protocols.odata.lists import EntitySet
from concord.protocols.odata.service import ODataService
from concord.protocols.values import Record, get_at, vendor_values
from concord.protocols.writing import MOVED, check_changes, confirmed, conflicted, rejected, settle_all, unknown

_TOKEN = "X-CSRF-Token"  # noqa: S105  # the name of a header
_GONE = "The record is gone from the target; the next plan will look at it again."
_METHODS = frozenset({"MERGE", "PATCH"})
_ETAGS = ("__metadata.etag", r"@odata\.etag")  # where version 2 and 4 of OData put it
_CONFLICTS: Mapping[int, str] = {
    HTTPStatus.PRECONDITION_FAILED: MOVED,
    HTTPStatus.NOT_FOUND: _GONE,
    HTTPStatus.GONE: _GONE,
}
_NO_GUARD = "The target takes no change without the ETag of what was read; read the record again."


class GuardedSender:
    """Sends writes of one service with the server's token against cross-site requests.

    The token belongs to the cookies that came with it, which the session keeps. If the server no longer accepts
    the token (403, `x-csrf-token: Required`) it has carried nothing out, and the token is fetched again once.
    """

    def __init__(self, session: Session, service: ODataService) -> None:
        self._session, self._service = session, service
        self._token: str | None = None

    def send(self, method: str, path: str, *, body: object, headers: Mapping[str, str]) -> Response:
        """The response to one write."""
        try:
            return self._send(method, path, body, headers)
        except RequestError as error:
            if not _wants_token(error):
                raise
        self._token = None
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Response:
        service, token = self._service, self._fetch_token()
        guarded = {**service.headers, **headers, **({_TOKEN: token} if token else {})}
        session = self._session.with_headers(guarded)
        query = service.query(session) or None
        return session.fetch(method, service.address(session, path), params=query, body=body, is_write=True)

    def _fetch_token(self) -> str:
        if self._token is None and self._service.needs_token:
            self._token = fetch_token(self._session, self._service)
        return self._token or ""


def fetch_token(session: Session, service: ODataService) -> str:
    """The service's token against cross-site requests; empty where it gives none."""
    asking = session.with_headers({_TOKEN: "Fetch"})
    response = asking.fetch("GET", service.address(session), params=service.query(session))
    return response.headers.get(_TOKEN.lower(), "")


def _wants_token(error: RequestError) -> bool:
    refusal = error.facts.get("response")
    if not isinstance(refusal, Response) or refusal.status != HTTPStatus.FORBIDDEN:
        return False
    return refusal.headers.get(_TOKEN.lower(), "").lower() == "required"


@dataclass(frozen=True, slots=True)
class ODataWrites:
    """Writes one collection.

    `method` updates: PATCH, or MERGE where a server knows no other; a `ContractError` refuses PUT, which would
    empty what a change does not name. `given` are properties that every create takes from the connection's
    extra fields, each a pair of the entry and what stands where it lacks; entities inside of the new one hold such
    pairs, too. Without `has_batch` every change is a call of its own.
    """

    entities: EntitySet
    method: str = "PATCH"
    given: Mapping[str, object] = field(default_factory=dict)
    has_batch: bool = True
    size: int = 50
    finishes_creates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise ContractError(f"Entities are updated by {' or '.join(sorted(_METHODS))}, not by {self.method}.")

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        checked = check_changes(session, resource, changes)
        writer = _EntityWriter(self, session, resource, checked.records)
        if self.has_batch:
            return checked.send(writer.send_batch, self.size)
        return checked.send(writer.send_alone, size=1)


class _EntityWriter:
    """One call of the writer, with the records as they were read right before it."""

    def __init__(
        self, writer: ODataWrites, session: Session, resource: Resource, records: Mapping[str, Record]
    ) -> None:
        self._writer, self._session, self._resource, self._records = writer, session, resource, records
        self._sender = GuardedSender(session, writer.entities.service)

    def send_batch(self, changes: Sequence[Change]) -> list[Outcome]:
        """The outcomes of several changes that go by one call, a changeset each.

        A server that stops at the first refusal has carried out none of the changes behind it; they are sent then.
        """
        kind, body = write_batch([self._operation(change) for change in changes])
        headers = {"Content-Type": kind, "Accept": "multipart/mixed", **CONTINUE_ON_ERROR}
        results = read_batch(self._sender.send("POST", "$batch", body=body, headers=headers))
        has_stopped = 0 < len(results) < len(changes) and not results[-1].is_good
        if len(results) != len(changes) and not has_stopped:
            sentence = "The response does not tell which record is which; read it back."
            return [unknown(change, sentence) for change in changes]
        outcomes = [self._outcome(change, result) for change, result in zip(changes, results, strict=False)]
        rest = changes[len(results) :]
        return settle_all([rest], self.send_batch, outcomes) if rest else outcomes

    def send_alone(self, changes: Sequence[Change]) -> list[Outcome]:
        """The outcome of one change that goes by a call of its own."""
        (change,) = changes
        operation = self._operation(change)
        headers = operation.headers
        try:
            response = self._sender.send(operation.method, operation.path, body=operation.body, headers=headers)
        except RequestError as error:
            refusal = error.facts.get("response")
            if not isinstance(refusal, Response):
                raise
            response = refusal
        return [self._outcome(change, Result(response.status, response.headers, response.body))]

    def _operation(self, change: Change) -> Operation:
        entities, values = self._writer.entities, vendor_values(self._resource, change.after)
        if change.key is None:
            given = {name: _taken(self._session, value) for name, value in self._writer.given.items()}
            return Operation("POST", entities.name, {**given, **values})
        segment = entities.key.segment(entities.service.version, change.key)
        etag = self._etag(change)
        headers = {"If-Match": etag} if etag else {}
        return Operation(self._writer.method, f"{entities.name}{segment}", values, headers)

    def _etag(self, change: Change) -> str:
        """The ETag that the plan saw, as it was; where no field of the guard is one, the present one."""
        record = self._records.get(str(change.key), {})
        tags = (item.name for item in map(self._resource.field, self._resource.guards) if item.path in _ETAGS)
        return str(change.guard.get(next(tags, "")) or etag_of(record) or "")

    def _outcome(self, change: Change, result: Result) -> Outcome:
        if result.is_good:
            return self._created(change, result) if change.key is None else confirmed(change)
        if result.status in _CONFLICTS and change.key is not None:
            return conflicted(change, _CONFLICTS[result.status])
        if result.status == HTTPStatus.TOO_MANY_REQUESTS or result.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return unknown(change, f"The server answered {result.status} to this record; read it back.")
        is_unguarded = result.status == HTTPStatus.PRECONDITION_REQUIRED
        return rejected(change, _NO_GUARD if is_unguarded else result.sentence())

    def _created(self, change: Change, result: Result) -> Outcome:
        entity, key = result.entity(), self._writer.entities.key
        if any(entity.get(name) is None for name in key.names):
            return unknown(change, "The server made the record but did not say under which key; look it up.")
        return confirmed(change, key.of(entity))


def _taken(session: Session, value: object) -> object:
    """A given value with the connection's entries in place of the pairs that name them."""
    match value:
        case (str() as entry, str() as default):
            return session.option(entry, default)
        case Mapping():
            return {name: _taken(session, part) for name, part in value.items()}
        case list():
            return [_taken(session, part) for part in value]
    return value


def etag_of(record: Mapping[str, Any]) -> object:
    """The ETag of a record, at the path where version 2 or 4 of OData puts it."""
    return next(filter(None, (get_at(record, path) for path in _ETAGS)), None)
