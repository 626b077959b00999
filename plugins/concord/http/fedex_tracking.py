"""Asks FedEx about parcels by their numbers, thirty at a time: it lists nothing, and every read is a POST.

https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html

A number is used again after some months, and two carriers of the house may use the same one. So the ask names the
days in which it can have left, or the unique id once it is known, and of several parcels the youngest comes last:
the one that validation keeps. An answer is 200 even where numbers are refused; each refusal is a result with an
`error`, which is a record without a status, to be set aside in sight of everybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from concord.contract import Page, Resource, Session, Window, Worklist
from concord.errors import ServerError
from concord.http.paging import ask, batched, prefetch

Item = Mapping[str, str]
_SHIPPED = ("SHIP", "ACTUAL_PICKUP", "ACTUAL_TENDER", "SHIPMENT_DATA_RECEIVED")


class _Track(msgspec.Struct, rename={"number": "trackingNumber", "results": "trackResults"}):
    number: str
    results: list[msgspec.Raw]


class _Output(msgspec.Struct, rename={"complete": "completeTrackResults"}):
    complete: list[_Track]


class _Answer(msgspec.Struct):
    output: _Output


class _Refusal(msgspec.Struct):
    error: object = None


class _Moment(msgspec.Struct, rename={"text": "dateTime"}):
    type: str
    text: str


class _Moments(msgspec.Struct, rename={"moments": "dateAndTimes"}):
    moments: list[_Moment] = []


_answer = msgspec.json.Decoder(_Answer)
_refusal = msgspec.json.Decoder(_Refusal)
_moments = msgspec.json.Decoder(_Moments)


@dataclass(frozen=True, slots=True)
class FedExTracking:
    """Reads the parcels of a worklist, whose items say `number`, and a `unique_id` or what `ship_dates` reads."""

    path: str = "/track/v1/trackingnumbers"
    size: int = 30

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        """What FedEx says of every item, refusals included."""
        if not isinstance(resource.changes, Worklist):
            raise ServerError(f"{resource.name} has no worklist, and FedEx lists nothing; declare one.")
        return prefetch(self._ask_all(session, resource.changes.items))

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """The parcels of these numbers; what FedEx does not know is not there."""
        for page in self._ask_all(session, [{"number": value} for value in values]):
            yield [raw for raw in page if _refusal.decode(raw).error is None]

    def _ask_all(self, session: Session, items: Sequence[Item]) -> Iterator[Page]:
        for some in batched(items, self.size):
            body = {"includeDetailedScans": True, "trackingInfo": [_asked(item) for item in some]}
            answer = ask(session, _answer, "POST", self.path, body=body)
            told = answer.output.complete
            if silent := len({item["number"] for item in some} - {track.number for track in told}):
                raise ServerError(f"FedEx said nothing of {silent} tracking numbers; run the task again.")
            yield [raw for track in told for raw in sorted(track.results, key=_shipped)]


def ship_dates(item: Item) -> dict[str, str]:
    """Between which days it was shipped, as FedEx wants to be told; empty where nobody knows."""
    days = {"shipDateBegin": item.get("shipped_from"), "shipDateEnd": item.get("shipped_until")}
    return {name: day for name, day in days.items() if day is not None}


def _asked(item: Item) -> dict[str, Any]:
    named = {"trackingNumber": item["number"]}
    if unique_id := item.get("unique_id"):
        return {"trackingNumberInfo": {**named, "trackingNumberUniqueId": unique_id}}
    return {**ship_dates(item), "trackingNumberInfo": named}


def _shipped(raw: msgspec.Raw) -> str:
    """When a parcel was shipped, as text that sorts by the day; empty where nobody says so in the agreed form."""
    try:
        found = _moments.decode(raw).moments
    except msgspec.DecodeError:
        return ""
    return min((moment.text for moment in found if moment.type in _SHIPPED), default="")
