"""Writes a parcel to Shopify: the fulfillment with its tracking number, then how far the parcel got.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCreate

A tracking number for an order that is not fulfilled creates a fulfillment, another number corrects it, and an
empty one cancels it. A status is an event of a fulfillment and needs its id, so it goes by a second call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from concord.contract import Change, End, Outcome, Resource, Session
from concord.errors import ChangeRejectedError
from concord.protocols.graphql.api import GraphQLApi
from concord.protocols.graphql.mutations import Mutation
from concord.protocols.values import Record, value_at
from concord.protocols.writing import check_changes, confirmed, conflicted, rejected, settle_all, unknown
from concord.systems.shopify.mutations import Payload, run_decoded, sentence_of

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
_WRITTEN = "fulfillment {id} userErrors {field message}"
_OTHER_NUMBER = "The target has another tracking number than the plan saw; the next plan will look at it again."

Fulfillments = dict[str, Record]  # by the key of the fulfillment order, an empty one where there is none


@dataclass(frozen=True, slots=True)
class FulfillmentUpdates:
    """Several mutations in one document, and a second document for the events of what the first one wrote."""

    api: GraphQLApi
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; fulfillment orders that moved since the plan are left alone."""
        checked = check_changes(session, resource, changes)
        present = {key: _valid_fulfillment(resource, record) for key, record in checked.records.items()}
        return checked.send(lambda group: _Documents(self.api, session, present).write(group), self.size)


@dataclass(frozen=True, slots=True)
class _Documents:
    """The two documents for one group of changes; fulfillments that the first creates are put into `present`."""

    api: GraphQLApi
    session: Session
    present: Fulfillments

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        ended = {item.change_id: conflicted(item, _OTHER_NUMBER) for item in changes if self._has_other(item)}
        left = [change for change in changes if change.change_id not in ended]
        tracked = [change for change in left if any(name in change.after for name in _TRACKING)]
        ended = self._send(tracked, _tracking_mutation, ended)
        failed = {name for name, outcome in ended.items() if outcome.end is not End.CONFIRMED}
        named = [change for change in left if change.after.get("delivery_status") is not None]
        due = [change for change in named if change.change_id not in failed]
        numbered = {change.change_id for change in tracked}
        ended = self._send(due, _event_mutation, ended)
        ended |= {item.change_id: _half(ended[item.change_id]) for item in due if item.change_id in numbered}
        emptied = [change for change in left if change.change_id not in ended]
        return [*ended.values(), *(rejected(change, "An event cannot be taken back.") for change in emptied)]

    def _has_other(self, change: Change) -> bool:
        """Whether the fulfillment has another number than the plan saw."""
        if "tracking_number" not in change.before:
            return False
        tracking = self.present[str(change.key)].get("trackingInfo") or []
        return next((item.get("number") for item in tracking), None) != change.before["tracking_number"]

    def _send(
        self,
        changes: Sequence[Change],
        make: Callable[[Change, Record], Mutation],
        before: dict[str, Outcome],
    ) -> dict[str, Outcome]:
        """The outcomes so far, by change, and those of one document over them."""
        groups = [changes] if changes else []
        outcomes = settle_all(groups, lambda group: self._run(group, make), list(before.values()))
        return {outcome.change_id: outcome for outcome in outcomes}

    def _run(self, changes: Sequence[Change], make: Callable[[Change, Record], Mutation]) -> list[Outcome]:
        mutations: list[Mutation] = []
        sent: list[Change] = []
        outcomes: list[Outcome] = []
        for change in changes:
            try:
                mutations.append(make(change, self.present[str(change.key)]))
                sent.append(change)
            except ChangeRejectedError as error:
                outcomes.append(rejected(change, error.message))
        payloads = run_decoded(self.api, self.session, mutations) if mutations else []
        return [*outcomes, *(self._outcome(*pair) for pair in zip(sent, payloads, strict=True))]

    def _outcome(self, change: Change, payload: Payload | None) -> Outcome:
        if payload is not None and payload.user_errors:
            return rejected(change, sentence_of(payload.user_errors))
        if payload is None or not (payload.fulfillment or payload.fulfillment_event):
            return unknown(change, "The answer does not mention this fulfillment; read it back first.")
        if payload.fulfillment:
            self.present[str(change.key)] = payload.fulfillment
        return confirmed(change)


def _half(outcome: Outcome) -> Outcome:
    """The outcome of a status whose tracking number was written before."""
    if outcome.end is not End.REJECTED:
        return outcome
    return replace(outcome, message=f"The number was written, the status was not: {outcome.message}")


def _valid_fulfillment(resource: Resource, record: Record) -> Record:
    """The fulfillment that is neither cancelled nor failed, empty where there is none."""
    found = value_at(record, resource.field("tracking_number")) or {}
    return next((item for item in found.get("nodes", []) if item.get("status") not in _VOID), {})


def _tracking_mutation(change: Change, fulfillment: Record) -> Mutation:
    """Writes the tracking number; `ChangeRejectedError` where there is nothing to cancel."""
    key = fulfillment.get("id")
    if "tracking_number" in change.after and change.after["tracking_number"] is None:
        if key is None:
            raise ChangeRejectedError("There is no fulfillment that could be taken back.")
        return Mutation("fulfillmentCancel", {"id": ("ID!", key)}, _WRITTEN)
    known: Record = next(iter(fulfillment.get("trackingInfo") or []), {})
    tracking = {
        "company": change.after.get("carrier_name", known.get("company")),
        "number": change.after.get("tracking_number", known.get("number")),
    }
    if key is not None:
        arguments = {
            "fulfillmentId": ("ID!", key),
            "trackingInfoInput": ("FulfillmentTrackingInput!", tracking),
            "notifyCustomer": ("Boolean", False),
        }
        return Mutation("fulfillmentTrackingInfoUpdate", arguments, _WRITTEN)
    created = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": change.key}],
        "trackingInfo": tracking,
        "notifyCustomer": False,
    }
    return Mutation("fulfillmentCreate", {"fulfillment": ("FulfillmentInput!", created)}, _WRITTEN)


def _event_mutation(change: Change, fulfillment: Record) -> Mutation:
    """Writes how far the parcel got; `ChangeRejectedError` where that cannot be written."""
    status = change.after["delivery_status"]
    if status not in _EVENTS:
        raise ChangeRejectedError("An event cannot be taken back, and there is none for this status.")
    if fulfillment.get("id") is None:
        raise ChangeRejectedError("There is no fulfillment that could have a status.")
    event = {"fulfillmentId": fulfillment["id"], "status": status}
    arguments = {"fulfillmentEvent": ("FulfillmentEventInput!", event)}
    return Mutation("fulfillmentEventCreate", arguments, "fulfillmentEvent {id} userErrors {field message}")
