"""Asks FedEx for the parcels that carry a reference of ours, a reference a call, where their numbers are unknown.

https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html

A reference that FedEx does not know is no error: its record says that there are no parcels. Any
other refusal stays in the record, which becomes a dead letter. An installation without an account
number reads no references.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from concord.contract import Page, Resource, Session, Window, Worklist
from concord.errors import RequestError, ServerError
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import ask, keys_in, prefetch
from concord.protocols.values import UNREADABLE
from concord.systems.fedex.tracking import ship_dates

_UNKNOWN = "NOTFOUND"
_NONE = "-"


class _Error(msgspec.Struct):
    code: str = ""


class _Result(msgspec.Struct):
    error: _Error | None = None


class _Track(msgspec.Struct, rename={"results": "trackResults"}):
    results: list[msgspec.Raw] = []


class _Output(msgspec.Struct, rename={"complete": "completeTrackResults"}):
    complete: list[_Track] = []


class _Body(msgspec.Struct):
    output: _Output


class _Record(msgspec.Struct):
    reference: str
    parcels: list[msgspec.Raw]


_body = msgspec.json.Decoder(_Body)
_result = msgspec.json.Decoder(_Result, float_hook=str)


@dataclass(frozen=True, slots=True)
class FedExReferences(NotDescribed):
    """Reads a worklist whose items say `reference` and between which days it was shipped, if ever."""

    path: str = "/track/v1/referencenumbers"
    kind: str = "CUSTOMER_REFERENCE"

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """One record for each item: the reference, and all parcels that carry it."""
        if not isinstance(resource.changes, Worklist):
            raise ServerError(f"{resource.name} has no worklist, and FedEx cannot list its records; declare one.")
        return prefetch([_written(record)] for record in self._ask_all(session, resource.changes.items))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all that the worklist asks for."""
        return keys_in(resource, self.read_window(session, resource, None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The references that some parcel carries, whenever it was shipped."""
        for record in self._ask_all(session, [{"reference": value} for value in values]):
            if record.parcels:
                yield [_written(record)]

    def _ask_all(self, session: Session, items: Sequence[Mapping[str, str]]) -> Iterator[_Record]:
        account = session.option("account_number", _NONE)
        for item in items if account != _NONE else ():
            asked = {"type": self.kind, "value": item["reference"], "accountNumber": account}
            yield _Record(item["reference"], self._parcels(session, {**asked, **ship_dates(item)}))

    def _parcels(self, session: Session, asked: Mapping[str, str]) -> list[msgspec.Raw]:
        body = {"includeDetailedScans": False, "referencesInformation": asked}
        try:
            found = ask(session, _body, "POST", self.path, body=body)
        except RequestError as error:
            if str(error.facts.get("code", "")).endswith(_UNKNOWN):
                return []
            raise
        results = [raw for track in found.output.complete for raw in track.results]
        return [raw for raw in results if not _is_unknown(raw)]


def _written(record: _Record) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(record))


def _is_unknown(raw: msgspec.Raw) -> bool:
    try:
        error = _result.decode(raw).error
    except UNREADABLE:
        return False
    return error is not None and error.code.endswith(_UNKNOWN)
