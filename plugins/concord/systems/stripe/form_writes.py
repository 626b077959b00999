"""Writes single records as bracketed forms, under an idempotency key where the vendor keeps such keys.

`address[city]=Ulm&metadata[concord_id]=CUS-1`. With a key a request may be sent again after its answer was lost:
the vendor carries it out once and repeats what it said. The record is read right before it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

import msgspec

from concord.contract import Change, Outcome, Resource, Response, Session
from concord.errors import OutcomeUnknownError, RequestError
from concord.protocols.session.retries import Backoff, retry
from concord.protocols.values import Record, decode_record
from concord.protocols.writing import confirmed, settle_all, split_known
from concord.systems.stripe.lists import Head, LastIdList, with_knowledge

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_BACKOFF = Backoff(attempts=3, first_wait=0.5)


_head = msgspec.json.Decoder(Head)


@dataclass(frozen=True, slots=True)
class FormUpdates:
    """Posts the fields that change to the address of their record.

    `whole` names documents that the vendor replaces as a whole, so that their unchanged parts are sent along.
    `in_use` is the vendor's code for a key whose first request is still being carried out.
    """

    listing: LastIdList
    key_header: str = "Idempotency-Key"
    in_use: str = "idempotency_key_in_use"
    whole: frozenset[str] = frozenset()
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; each is read, compared and sent before the next one is read."""
        return settle_all(([change] for change in changes), lambda group: self._write(session, resource, group[0]))

    def _write(self, session: Session, resource: Resource, change: Change) -> list[Outcome]:
        key = str(change.key)
        found = self.listing.one(session, key)
        records = {} if found is None else {key: decode_record(resource, with_knowledge(*found))}
        ready, outcomes = split_known(resource, [change], records)
        if not ready:
            return outcomes
        body = form_of({**self._present(resource, change, records[key]), **_named(resource, change.after)})
        response = self._send(session, change, self.listing.path_of(key), body)
        return [confirmed(change, key)] if _is_about(response, key) else []

    def _present(self, resource: Resource, change: Change, record: Record) -> dict[tuple[str, ...], object]:
        """What the documents that are replaced as a whole say now, where the change touches them."""
        touched = {resource.field(name).parts[0] for name in change.after} & self.whole
        return {
            (document, part): value
            for document in sorted(touched)
            if isinstance(record.get(document), Mapping)
            for part, value in record[document].items()
            if value is not None
        }

    def _send(self, session: Session, change: Change, path: str, body: bytes) -> Response:
        """The response to the first attempt that gets one; the idempotency key makes all attempts one write."""
        signed = session.with_headers({**_FORM, self.key_header: change.change_id})

        def send_once() -> Response:
            try:
                return signed.fetch("POST", path, body=body, is_write=True)
            except RequestError as error:
                if error.facts.get("code") != self.in_use:
                    raise
                raise OutcomeUnknownError(
                    "The vendor is still carrying out this very request; read the record back."
                ) from error

        return retry(send_once, _BACKOFF, session.pause, may_repeat=lambda error: False, is_idempotent=True)


def _named(resource: Resource, values: Mapping[str, object]) -> dict[tuple[str, ...], object]:
    """Our fields under the vendor's names, in the vendor's form; an empty text clears a field."""
    named: dict[tuple[str, ...], object] = {}
    for name, value in values.items():
        field = resource.field(name)
        path = (*field.parts[:-1], field.write or field.parts[-1])
        named[path] = "" if value is None else field.form.encode(value)
    return named


def form_of(values: Mapping[tuple[str, ...], object]) -> bytes:
    """Values by their path as a form."""
    names = (first + "".join(f"[{part}]" for part in rest) for first, *rest in values)
    return urlencode(list(zip(names, values.values(), strict=True))).encode()


def _is_about(response: Response, key: str) -> bool:
    """Whether the response shows the record that was written."""
    try:
        return _head.decode(response.body).id == key
    except msgspec.DecodeError:
        return False
