"""Writes a parcel to Shopify: the fulfillment with its number, then how far the parcel got.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCreate

A number for what was not fulfilled makes a fulfillment, another number corrects it, none takes it back. A status
is an event of the fulfillment and so needs its id: what is made tonight gets its status in a second call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from concord.contract import Change, End, Outcome, Resource, Session
from concord.http.graphql import GraphQLApi
from concord.http.guards import Record, split_moved, value_at
from concord.http.outcomes import confirmed, conflicted, rejected, settle_all, unknown
from concord.http.shopify_writes import UserError, sentence_of

_EVENTS = frozenset(
    {
        "IN_TRANSIT",
        "OUT_FOR_DELIVERY",
        "ATTEMPTED_DELIVERY",
        "DELAYED",
        "DELIVERED",
        "FAILURE",
        "CARRIER_PICKED_UP",
    }
)
_VOID = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_TRACKING = ("carrier_name", "tracking_number")


class _Payload(msgspec.Struct, rename="camel"):
    user_errors: list[UserError]
    fulfillment: dict[str, Any] | None = None
    fulfillment_event: dict[str, Any] | None = None


_payload: "msgspec.json.Decoder[_Payload | None]" = msgspec.json.Decoder(_Payload | None)


@dataclass(frozen=True, slots=True)
class _Call:
    """One mutation of a document: its name, its arguments with their types, and what it gives back."""

    name: str
    arguments: Mapping[str, tuple[str, object]]
    made: str = "fulfillment"


_Errand = tuple[Sequence[Change], dict[str, Record], Callable[[Change, Record], _Call | str]]


@dataclass(frozen=True, slots=True)
class FulfillmentUpdates:
    """Several mutations in one document, a second one for the events of what the first one wrote."""

    api: GraphQLApi
    size: int = 20

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; fulfillment orders that moved since the plan are left alone."""
        ready, outcomes, records = split_moved(session, resource, changes)
        held = {str(change.key): _held(resource, records[str(change.key)]) for change in ready}
        moved = [change for change in ready if _is_other(change, held[str(change.key)])]
        sentence = "The target has another tracking number than the plan saw; the next plan will look at it again."
        outcomes += [conflicted(change, sentence) for change in moved]
        return outcomes + self._write(session, [item for item in ready if item not in moved], held)

    def _write(self, session: Session, ready: Sequence[Change], held: dict[str, Record]) -> list[Outcome]:
        tracked = [change for change in ready if any(name in change.after for name in _TRACKING)]
        ended = {item.change_id: item for item in self._send(session, (tracked, held, _tracking_call))}
        told = [change for change in ready if change.after.get("delivery_status") is not None]
        due = [item for item in told if item.change_id not in ended or ended[item.change_id].end is End.CONFIRMED]
        for item in self._send(session, (due, held, _event_call), before=[*ended.values()]):
            is_half = item.change_id in ended and item.end is End.REJECTED
            said = f"The number was written, the status was not: {item.message}" if is_half else item.message
            ended[item.change_id] = replace(item, message=said)
        taken_back = [change for change in ready if change.change_id not in ended]
        return [*ended.values(), *(rejected(change, "An event cannot be taken back.") for change in taken_back)]

    def _send(self, session: Session, errand: _Errand, before: Sequence[Outcome] = ()) -> list[Outcome]:
        changes, held, asking = errand
        calls: dict[str, _Call] = {}
        impossible: list[Outcome] = []
        for change in changes:
            call = asking(change, held[str(change.key)])
            if isinstance(call, str):
                impossible.append(rejected(change, call))
            else:
                calls[change.change_id] = call
        possible = [change for change in changes if change.change_id in calls]
        if not possible:
            return impossible
        ended = settle_all([possible], lambda group: self._run(session, group, calls, held), before)
        return impossible + ended[len(before) :]

    def _run(
        self, session: Session, group: Sequence[Change], calls: Mapping[str, _Call], held: dict[str, Record]
    ) -> list[Outcome]:
        declared, words, variables = [], [], {}
        for place, change in enumerate(group):
            call = calls[change.change_id]
            given = []
            for name, (kind, value) in call.arguments.items():
                variables[f"{name}{place}"] = value
                declared.append(f"${name}{place}: {kind}")
                given.append(f"{name}: ${name}{place}")
            words.append(
                f"m{place}: {call.name}({', '.join(given)}) {{{call.made} {{id}} userErrors {{field message}}}}"
            )
        query = f"mutation({', '.join(declared)}) {{{' '.join(words)}}}"
        data = self.api.run(session, query, variables, is_write=True)
        return [_outcome(change, data.get(f"m{place}"), held) for place, change in enumerate(group)]


def _held(resource: Resource, record: Record) -> Record:
    """The fulfillment that holds, empty where there is none."""
    found = value_at(record, resource.field("tracking_number")) or {}
    return next((item for item in found.get("nodes", []) if item.get("status") not in _VOID), {})


def _number(fulfillment: Record) -> object:
    return next((item.get("number") for item in fulfillment.get("trackingInfo") or []), None)


def _is_other(change: Change, fulfillment: Record) -> bool:
    """Whether the number is none that the plan saw."""
    return "tracking_number" in change.before and _number(fulfillment) != change.before["tracking_number"]


def _tracking_call(change: Change, fulfillment: Record) -> _Call | str:
    """How the number gets into the shop; a sentence where it cannot."""
    key = fulfillment.get("id")
    if "tracking_number" in change.after and change.after["tracking_number"] is None:
        if key is None:
            return "There is no fulfillment that could be taken back."
        return _Call("fulfillmentCancel", {"id": ("ID!", key)})
    known: Record = next(iter(fulfillment.get("trackingInfo") or []), {})
    tracking = {
        "company": change.after.get("carrier_name", known.get("company")),
        "number": change.after.get("tracking_number", known.get("number")),
    }
    if key is not None:
        arguments = {"fulfillmentId": ("ID!", key), "trackingInfoInput": ("FulfillmentTrackingInput!", tracking)}
        return _Call("fulfillmentTrackingInfoUpdate", {**arguments, "notifyCustomer": ("Boolean", False)})
    fulfillment_input = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": change.key}],
        "trackingInfo": tracking,
        "notifyCustomer": False,
    }
    return _Call("fulfillmentCreate", {"fulfillment": ("FulfillmentInput!", fulfillment_input)})


def _event_call(change: Change, fulfillment: Record) -> _Call | str:
    """How far the parcel got, as an event of its fulfillment."""
    status = change.after["delivery_status"]
    if status not in _EVENTS:
        return "An event cannot be taken back, and there is none for this status."
    if fulfillment.get("id") is None:
        return "There is no fulfillment that could have a status."
    event = {"fulfillmentId": fulfillment["id"], "status": status}
    return _Call(
        "fulfillmentEventCreate", {"fulfillmentEvent": ("FulfillmentEventInput!", event)}, "fulfillmentEvent"
    )


def _outcome(change: Change, raw: msgspec.Raw | None, held: dict[str, Record]) -> Outcome:
    try:
        payload = _payload.decode(raw or b"null")
    except msgspec.DecodeError:
        payload = None
    if payload is not None and payload.user_errors:
        return rejected(change, sentence_of(payload.user_errors))
    if payload is None or not (payload.fulfillment or payload.fulfillment_event):
        return unknown(change, "The answer does not mention this fulfillment; read it back first.")
    if payload.fulfillment:
        held[str(change.key)] = payload.fulfillment
    return confirmed(change)
