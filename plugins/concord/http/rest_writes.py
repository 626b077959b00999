"""Writes single records of a REST service by declaration: where, by which method, and how a change is guarded.

Every record is read right before it is updated, and left alone when it moved since the plan. A create is looked
up by the resource's `find_by` before it is sent. Whatever got no clear answer is unknown and not sent again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urljoin

import msgspec

from concord.contract import Answer, Change, Outcome, Resource, Session
from concord.errors import OutcomeUnknownError, RequestError
from concord.fields import split_path
from concord.http.guards import (
    Record,
    decode_record,
    read_moment,
    read_records,
    split_existing,
    split_known,
    value_at,
)
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all, unknown
from concord.http.paging import ask_with_headers
from concord.http.rest_bodies import KEY, address_of, decoder_of, words_in

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_CONFLICTS = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED, *_GONE}
)


class Precondition(StrEnum):
    """What an update carries so that the service itself refuses it once the record has moved."""

    NONE = "none"
    GUARD = "guard"
    ETAG = "etag"
    UNMODIFIED = "unmodified"


@dataclass(frozen=True, slots=True)
class RestWrites:
    """Updates the record at `path`, creates at `create`; fields go to their `write` path in the body.

    `path` holds `{key}`, alone where the key is the record's address. `wrapper` is the place in the body under
    which a record lies, also in answers. `kept` are places that the service replaces as a whole: what they say now
    is sent along when something within them changes, and with every PUT. `constants` go with every creation.

    The precondition is `If-Match` with the guard's value as the plan saw it (GUARD) or with the ETag that came
    when the record was looked at (ETAG), or `If-Unmodified-Since` with the guard's time (UNMODIFIED). `conflicts`
    are statuses that say of an update that the record moved; other refusals, and all of a create, are rejections.

    `created` is the place of the new key in the answer, empty where only the Location header has it. `done` is the
    place of a flag without which an answer is a refusal, `words` that of its reasons. `idempotency` is the header
    that carries the change id.
    """

    path: str
    create: str = ""
    method: str = "PATCH"
    create_method: str = "POST"
    wrapper: str = ""
    kept: frozenset[str] = frozenset()
    constants: Mapping[str, object] = field(default_factory=dict)
    precondition: Precondition = Precondition.NONE
    conflicts: frozenset[int] = _CONFLICTS
    created: str = "id"
    done: str = ""
    words: str = ""
    idempotency: str = ""
    size: int = 20

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change."""
        updates = [change for change in changes if change.key is not None]
        creates, found = split_existing(session, resource, [change for change in changes if change.key is None])
        job = _Job(self, session, resource)
        return settle_all(([change] for change in (*creates, *updates)), job.write, found)


class _Job:
    """One call of the writer: what it works with, and its steps."""

    def __init__(self, writer: RestWrites, session: Session, resource: Resource) -> None:
        self._writer, self._session, self._resource = writer, session, resource
        self._guard = resource.writes.guard if resource.writes else ""

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """One change, which is looked at first where it is an update."""
        (change,) = changes
        if change.key is None:
            return [self._create(change)]
        record, etag = self._look(change.key)
        ready, ended = split_known(self._resource, [change], {} if record is None else {change.key: record})
        if not ready or record is None:
            return ended
        headers = self._conditions(change, record, etag)
        if headers is None:
            return [rejected(change, "The target gave no mark of what was read; declare another precondition.")]
        return [self._update(change, record, headers)]

    def _look(self, key: str) -> tuple[Record | None, str]:
        """The record as it is now, and its ETag where that is asked for."""
        if self._writer.precondition is not Precondition.ETAG:
            return read_records(self._session, self._resource, [key]).get(key), ""
        decode, path = decoder_of(self._writer.wrapper, kind=msgspec.Raw), address_of(self._writer.path, key)
        try:
            body, headers = ask_with_headers(self._session, decode, "GET", path)
        except RequestError as error:
            if error.facts.get("status") in _GONE:
                return None, ""
            raise
        return decode_record(self._resource, body.found), headers.get("etag", "")

    def _conditions(self, change: Change, record: Record, etag: str) -> dict[str, str] | None:
        """The headers of an update, None where the mark they need is not there."""
        headers = self._signed(change)
        if self._writer.precondition is Precondition.NONE:
            return headers
        if self._writer.precondition is Precondition.ETAG:
            return {**headers, "If-Match": etag} if etag else None
        seen = self._guard and (
            change.guard.get(self._guard) or value_at(record, self._resource.field(self._guard))
        )
        if self._writer.precondition is Precondition.GUARD:
            return {**headers, "If-Match": str(seen)} if seen else None
        moment = read_moment(seen)
        return {**headers, "If-Unmodified-Since": format_datetime(moment, usegmt=True)} if moment else None

    def _signed(self, change: Change) -> dict[str, str]:
        name = self._writer.idempotency
        return {name: change.change_id} if name else {}

    def _update(self, change: Change, record: Record, headers: Mapping[str, str]) -> Outcome:
        writer, path = self._writer, address_of(self._writer.path, str(change.key))
        try:
            answer = self._send(writer.method, path, self._body(change, record), headers)
        except RequestError as error:
            if error.facts.get("status") in writer.conflicts:
                return conflicted(
                    change, "The target has changed since the plan; the next plan will look at it again."
                )
            raise
        told = self._key_in(answer)
        if answer.status == HTTPStatus.ACCEPTED or told not in (None, change.key):
            return unknown(change, "The answer does not say that this record was written; read it back.")
        return confirmed(change)

    def _create(self, change: Change) -> Outcome:
        writer = self._writer
        answer = self._send(writer.create_method, writer.create, self._body(change, {}), self._signed(change))
        key = self._key_in(answer) or self._key_at(answer.headers.get("location", ""))
        if answer.status == HTTPStatus.ACCEPTED or key is None:
            return unknown(change, "The answer does not name the new record; look it up.")
        return confirmed(change, key)

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        """The good answer; a refusal carries the vendor's words."""
        try:
            answer = self._session.with_headers(headers).fetch(method, path, body=body, is_write=True)
        except RequestError as error:
            refusal = error.facts.get("answer")
            if isinstance(refusal, Answer) and (words := words_in(refusal.body, self._writer.words)):
                error.facts["sentence"] = f"{refusal.status}: {words}"
            raise
        if self._writer.done and not _find(_content(answer), self._writer.done):
            words = words_in(answer.body, self._writer.words) or "no reason given"
            raise RequestError(f"The vendor refused {method} {path}.", sentence=words)
        return answer

    def _body(self, change: Change, record: Record) -> dict[str, Any]:
        """The values at their places, over what must go along."""
        writer, body = self._writer, dict[str, Any]()
        values: dict[str, object] = {}
        for name, value in change.after.items():
            item = self._resource.field(name)
            values[item.write or item.path] = None if value is None else item.form.encode(value)
        for place in sorted(writer.kept):
            if change.key is not None and (
                writer.method == "PUT" or any(_lies_in(name, place) for name in values)
            ):
                _put(body, place, _find(record, place))
        for place, value in {**({} if change.key else writer.constants), **values}.items():
            _put(body, place, value)
        if not writer.wrapper:
            return body
        wrapped: dict[str, Any] = {}
        _put(wrapped, writer.wrapper, body)
        return wrapped

    def _key_in(self, answer: Answer) -> str | None:
        """The key that the answer names, None where it names none."""
        place = ".".join(filter(None, (self._writer.wrapper, self._writer.created)))
        found = _find(_content(answer), place) if self._writer.created else None
        return None if found is None else str(found)

    def _key_at(self, location: str) -> str | None:
        """The key in the address of a record."""
        if not location:
            return None
        if self._writer.path == KEY:
            return urljoin(f"{self._session.connection.url.rstrip('/')}/", location)
        pattern = re.escape(self._writer.path).replace(re.escape(KEY), "([^/?#]+)")
        found = re.search(f"{pattern}/?$", location)
        return unquote(found.group(1)) if found else None


def _content(answer: Answer) -> Any:
    try:
        return msgspec.json.decode(answer.body) if answer.body.strip() else None
    except msgspec.DecodeError as error:
        raise OutcomeUnknownError("The answer to a write cannot be read; read the record back.") from error


def _find(content: Any, place: str) -> Any:
    for part in split_path(place):
        content = content.get(part) if isinstance(content, Mapping) else None
    return content


def _put(body: dict[str, Any], place: str, value: object) -> None:
    *above, last = split_path(place)
    for part in above:
        below = dict(body.get(part) or {})
        body[part] = below
        body = below
    body[last] = value


def _lies_in(path: str, place: str) -> bool:
    parts, above = split_path(path), split_path(place)
    return parts[: len(above)] == above
