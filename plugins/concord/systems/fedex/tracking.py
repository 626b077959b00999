"""Asks FedEx about parcels by their numbers, thirty at a time: it lists nothing, and every read is a POST.

https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html

A number is used again after some months, and two carriers of the house may use the same one. So the ask names the
days in which it can have left, or the unique id once it is known, and of several parcels the youngest comes last:
the one that validation keeps. A response is 200 even where numbers are refused; each refusal is a result with an
`error`: a record without a status, which becomes a dead letter.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window, Worklist
from concord.errors import ServerError
from concord.protocols.describing import NotDescribed
from concord.protocols.reading import ask, batched, keys_in, prefetch
from concord.protocols.values import UNREADABLE

Item = Mapping[str, str]
_SHIPPED = ("SHIP", "ACTUAL_PICKUP", "ACTUAL_TENDER", "SHIPMENT_DATA_RECEIVED")


class _Track(msgspec.Struct, rename={"number": "trackingNumber", "results": "trackResults"}):
    results: list[msgspec.Raw]
    number: object = None


class _Output(msgspec.Struct, rename={"complete": "completeTrackResults"}):
    complete: list[msgspec.Raw]


class _Body(msgspec.Struct):
    output: _Output


class _Refusal(msgspec.Struct):
    error: object = None


class _Moment(msgspec.Struct, rename={"text": "dateTime"}):
    type: str
    text: str


class _Moments(msgspec.Struct, rename={"moments": "dateAndTimes"}):
    moments: list[_Moment] = []


_body = msgspec.json.Decoder(_Body)
_track = msgspec.json.Decoder(_Track, float_hook=str)
_refusal = msgspec.json.Decoder(_Refusal, float_hook=str)
_moments = msgspec.json.Decoder(_Moments)


@dataclass(frozen=True, slots=True)
class FedExTracking(NotDescribed):
    """Reads the parcels of a worklist, whose items say `number`, and a `unique_id` or what `ship_dates` reads."""

    path: str = "/track/v1/trackingnumbers"
    size: int = 30

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """What FedEx says of every item, refusals included."""
        if not isinstance(resource.changes, Worklist):
            raise ServerError(f"{resource.name} has no worklist, and FedEx cannot list its records; declare one.")
        return prefetch(self._ask_all(session, resource.changes.items))

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        """The keys of all that the worklist asks for and FedEx knows."""
        return keys_in(resource, self.read_window(session, resource, None))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The parcels of these numbers; what FedEx does not know is not there."""
        for page in self._ask_all(session, [{"number": value} for value in values]):
            yield [raw for raw in page if not _is_refusal(raw)]

    def _ask_all(self, session: Session, items: Sequence[Item]) -> Iterator[Page]:
        for some in batched(items, self.size):
            body = {"includeDetailedScans": True, "trackingInfo": [_asked(item) for item in some]}
            tracks = list(map(_read_track, ask(session, _body, "POST", self.path, body=body).output.complete))
            asked: set[object] = {item["number"] for item in some}
            silent = len(asked - {track.number for track in tracks})
            if silent > sum(track.number not in asked for track in tracks):
                raise ServerError(f"FedEx said nothing of {silent} tracking numbers; run the task again.")
            yield [raw for track in tracks for raw in sorted(track.results, key=_shipped)]


def _read_track(raw: msgspec.Raw) -> _Track:
    """What FedEx says of a number; all of it is one result, of no number, where it cannot be taken apart."""
    try:
        track = _track.decode(raw)
    except UNREADABLE:
        return _Track([raw])
    return track if isinstance(track.number, str) else _Track(track.results)


def _is_refusal(raw: msgspec.Raw) -> bool:
    try:
        return _refusal.decode(raw).error is not None
    except UNREADABLE:
        return False


def ship_dates(item: Item) -> dict[str, str]:
    """Between which days it was shipped, as parameters of FedEx; empty where it is not known."""
    days = {"shipDateBegin": item.get("shipped_from"), "shipDateEnd": item.get("shipped_until")}
    return {name: day for name, day in days.items() if day is not None}


def _asked(item: Item) -> dict[str, Any]:
    named = {"trackingNumber": item["number"]}
    if unique_id := item.get("unique_id"):
        return {"trackingNumberInfo": {**named, "trackingNumberUniqueId": unique_id}}
    return {**ship_dates(item), "trackingNumberInfo": named}


def _shipped(raw: msgspec.Raw) -> str:
    """When a parcel was shipped, as text that sorts by the day; empty where it is not known."""
    try:
        found = _moments.decode(raw).moments
    except msgspec.DecodeError:
        return ""
    return min((moment.text for moment in found if moment.type in _SHIPPED), default="")
