"""Writes single records as bracketed forms, under an idempotency key where the vendor keeps such keys.

`address[city]=Ulm&metadata[concord_id]=CUS-1`. With a key a request may be sent again after its answer was lost:
the vendor carries it out once and repeats what it said. The record is read right before it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from concord.contract import Answer, Change, Outcome, Resource, Session
from concord.errors import OutcomeUnknownError, RequestError, TransientError
from concord.http.guards import Record, decode_record, split_known
from concord.http.last_id import Head, LastIdList, with_knowledge
from concord.http.outcomes import confirmed, rejected, settle_all

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ATTEMPTS = 3
_WAIT = 0.5


class _Told(msgspec.Struct):
    message: str = ""
    code: str = ""


class _Refusal(msgspec.Struct):
    error: _Told


_head = msgspec.json.Decoder(Head)
_refusal = msgspec.json.Decoder(_Refusal)


@dataclass(frozen=True, slots=True)
class FormUpdates:
    """Posts what is to change of a record to its place.

    `whole` names documents that the vendor replaces as a whole, so that their unchanged parts are sent along.
    `in_use` is the vendor's code for a key whose first request is still being carried out.
    """

    listing: LastIdList
    key_header: str = "Idempotency-Key"
    in_use: str = "idempotency_key_in_use"
    whole: frozenset[str] = frozenset()
    size: int = 20

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; each is read, compared and sent before the next is looked at."""
        return settle_all(([change] for change in changes), lambda group: self._write(session, resource, group[0]))

    def _write(self, session: Session, resource: Resource, change: Change) -> list[Outcome]:
        key = str(change.key)
        found = self.listing.one(session, key)
        records = {} if found is None else {key: decode_record(resource, with_knowledge(*found))}
        ready, outcomes = split_known(resource, [change], records)
        if not ready:
            return outcomes
        body = form_of({**self._present(resource, change, records[key]), **_named(resource, change.after)})
        try:
            answer = self._send(session, change, self.listing.path_of(key), body)
        except RequestError as error:
            return [rejected(change, _sentence(error))]
        return [confirmed(change, key)] if _says(answer, key) else []

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

    def _send(self, session: Session, change: Change, path: str, body: bytes) -> Answer:
        """The answer to the first of some attempts that gets one; the key makes them one write."""
        signed = session.with_headers({**_FORM, self.key_header: change.change_id})
        lost: OutcomeUnknownError | None = None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return signed.fetch("POST", path, body=body, is_write=True)
            except OutcomeUnknownError as error:
                lost = error
            except RequestError as error:
                if error.facts.get("code") != self.in_use:
                    raise
                lost = OutcomeUnknownError(
                    "The vendor is still busy with this very request; read the record back."
                )
            except TransientError:
                if lost is None:
                    raise
            if attempt < _ATTEMPTS:
                session.pause(_WAIT * attempt)
        raise lost or AssertionError("unreachable: an attempt that ends without an answer is lost")


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


def _says(answer: Answer, key: str) -> bool:
    """Whether the answer is about the record that was meant."""
    try:
        return _head.decode(answer.body).id == key
    except msgspec.DecodeError:
        return False


def _sentence(error: RequestError) -> str:
    """The vendor's own words, where it has some."""
    answer = error.facts.get("answer")
    if isinstance(answer, Answer):
        try:
            told = _refusal.decode(answer.body).error
            return f"{told.code}: {told.message}" if told.code else told.message or error.message
        except msgspec.DecodeError:
            pass
    return error.message
