"""Writes entities of an OData service: each change is guarded by its ETag, and ends by itself.

A server that fails a changeset fails all of it, so every record has one of its own. A create is looked up
before it is sent, for nothing else keeps a server from making it twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from concord.contract import Answer, Change, End, Outcome, Resource, Session
from concord.errors import RequestError
from concord.http.guards import Record, split_existing, split_moved
from concord.http.odata import ODataService
from concord.http.odata_batch import Operation, Result, read_batch, write_batch
from concord.http.odata_reading import EntitySet
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all, unknown
from concord.http.paging import batched
from concord.http.sobjects import vendor_values

_TOKEN = "X-CSRF-Token"  # noqa: S105  # the name of a header
_GONE = "The record is gone from the target; the next plan will look at it again."
_MOVES: Mapping[int, str] = {
    HTTPStatus.PRECONDITION_FAILED: "The target has changed since the plan; the next plan will look at it again.",
    HTTPStatus.NOT_FOUND: _GONE,
    HTTPStatus.GONE: _GONE,
}
_LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_NO_GUARD = "The target takes no change without the ETag of what was read; read the record again."
_BUSY = "Not done: the target was too busy; the next plan tries again."


class GuardedSender:
    """Sends writes of one service with the server's token against cross-site requests.

    The token belongs to the cookies that came with it, which the session keeps. A token that is no longer
    believed (403, `x-csrf-token: Required`) is fetched again once; nothing was carried out by then.
    """

    def __init__(self, session: Session, service: ODataService) -> None:
        self._session, self._service = session, service
        self._token: str | None = None

    def send(self, method: str, path: str, *, body: object, headers: Mapping[str, str]) -> Answer:
        """The answer to one write."""
        try:
            return self._send(method, path, body, headers)
        except RequestError as error:
            if not _wants_token(error):
                raise
        self._token = None
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        service, token = self._service, self._fetch_token()
        guarded = {**service.headers, **headers, **({_TOKEN: token} if token else {})}
        session = self._session.with_headers(guarded)
        query = service.query(session) or None
        return session.fetch(method, service.address(session, path), params=query, body=body, is_write=True)

    def _fetch_token(self) -> str:
        if self._token is None and self._service.needs_token:
            session = self._session.with_headers({_TOKEN: "Fetch"})
            answer = session.fetch("GET", self._service.address(session), params=self._service.query(session))
            self._token = answer.headers.get(_TOKEN.lower(), "")
        return self._token or ""


def _wants_token(error: RequestError) -> bool:
    answer = error.facts.get("answer")
    if not isinstance(answer, Answer) or answer.status != HTTPStatus.FORBIDDEN:
        return False
    return answer.headers.get(_TOKEN.lower(), "").lower() == "required"


@dataclass(frozen=True, slots=True)
class ODataWrites:
    """Writes one collection.

    `method` updates: PATCH, or MERGE where a server knows no other. `given` are properties that every create
    takes from the connection's extra fields: the entry and what stands where it lacks. Without `has_batch`
    every change is a call of its own.
    """

    entities: EntitySet
    method: str = "PATCH"
    given: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    has_batch: bool = True
    size: int = 50

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        ready, ended, records = split_moved(session, resource, changes)
        job = _Job(self, session, resource, records)
        creates, found = split_existing(session, resource, [change for change in ready if change.key is None])
        left = [change for change in ready if change.key is not None or change in creates]
        groups = batched(left, self.size if self.has_batch else 1)
        return settle_all(groups, job.send_batch if self.has_batch else job.send_alone, [*ended, *found])


class _Job:
    """One call of the writer: what it works with, and its steps."""

    def __init__(
        self, writer: ODataWrites, session: Session, resource: Resource, records: Mapping[str, Record]
    ) -> None:
        self._writer, self._session, self._resource, self._records = writer, session, resource, records
        self._sender = GuardedSender(session, writer.entities.service)

    def send_batch(self, changes: Sequence[Change]) -> list[Outcome]:
        """All in one call, a changeset each."""
        kind, body = write_batch([self._operation(change) for change in changes])
        headers = {"Content-Type": kind, "Accept": "multipart/mixed"}
        results = read_batch(self._sender.send("POST", "$batch", body=body, headers=headers))
        if len(results) != len(changes):
            sentence = "The answer does not tell which record is which; read it back."
            return [unknown(change, sentence) for change in changes]
        return [self._outcome(change, result) for change, result in zip(changes, results, strict=True)]

    def send_alone(self, changes: Sequence[Change]) -> list[Outcome]:
        """One change as a call of its own."""
        (change,) = changes
        operation = self._operation(change)
        headers = operation.headers
        try:
            answer = self._sender.send(operation.method, operation.path, body=operation.body, headers=headers)
        except RequestError as error:
            refusal = error.facts.get("answer")
            if not isinstance(refusal, Answer):
                raise
            answer = refusal
        return [self._outcome(change, Result(answer.status, answer.headers, answer.body))]

    def _operation(self, change: Change) -> Operation:
        entities, values = self._writer.entities, vendor_values(self._resource, change.after)
        if change.key is None:
            given = {name: self._session.option(*pair) for name, pair in self._writer.given.items()}
            return Operation("POST", entities.name, {**given, **values})
        segment = entities.key.segment(entities.service.version, change.key)
        etag = self._etag(change)
        headers = {"If-Match": etag} if etag else {}
        return Operation(self._writer.method, f"{entities.name}{segment}", values, headers)

    def _etag(self, change: Change) -> str:
        """What the plan saw, word for word; without a guard, what is there now."""
        record = self._records.get(str(change.key), {})
        guard = self._resource.writes.guard if self._resource.writes else ""
        return str(change.guard.get(guard) or etag_of(record) or "")

    def _outcome(self, change: Change, result: Result) -> Outcome:
        if result.is_good:
            return self._made(change, result) if change.key is None else confirmed(change)
        if result.status in _MOVES and change.key is not None:
            return conflicted(change, _MOVES[result.status])
        if result.status in _LATER:
            return Outcome(change.change_id, End.HELD, change.key, _BUSY)
        if result.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return unknown(change, f"The server answered {result.status} to this record; read it back.")
        is_unguarded = result.status == HTTPStatus.PRECONDITION_REQUIRED
        return rejected(change, _NO_GUARD if is_unguarded else result.sentence())

    def _made(self, change: Change, result: Result) -> Outcome:
        entity, key = result.entity(), self._writer.entities.key
        if any(entity.get(name) is None for name in key.names):
            return unknown(change, "The server made the record but did not say under which key; look it up.")
        return confirmed(change, key.of(entity))


def etag_of(record: Mapping[str, Any]) -> object:
    """The version mark of a record, in either version's place."""
    metadata = record.get("__metadata")
    return metadata.get("etag") if isinstance(metadata, Mapping) else record.get("@odata.etag")
