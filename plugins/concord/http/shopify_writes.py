"""Writes to Shopify: mutations under aliases in one document, refusals in `userErrors`.

https://shopify.dev/docs/api/admin-graphql/latest/mutations
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from concord.contract import Change, Outcome, Resource, Session
from concord.http.graphql import GraphQLApi, LookedUp
from concord.http.guards import Record, split_moved, value_at
from concord.http.outcomes import confirmed, conflicted, rejected, settle, settle_all, unknown

_NAMESPACE = uuid.UUID("0d5e9f6e-6c1b-5e0f-9b8a-6b2f6b1f4c11")
_ADDRESS = ("firstName", "lastName", "company", "address1", "address2", "city", "zip", "phone")


class UserError(msgspec.Struct, rename="camel"):
    """One refusal, as every mutation words it."""

    message: str = ""
    field: list[str] | None = None
    code: str | None = None


class _Payload(msgspec.Struct, rename="camel"):
    user_errors: list[UserError]
    customer: dict[str, Any] | None = None
    product_variants: list[dict[str, Any]] | None = None
    inventory_adjustment_group: dict[str, Any] | None = None


_payload: "msgspec.json.Decoder[_Payload | None]" = msgspec.json.Decoder(_Payload | None)


def _payload_of(data: Mapping[str, msgspec.Raw], alias: str) -> _Payload | None:
    try:
        return _payload.decode(data.get(alias) or b"null")
    except msgspec.DecodeError:
        return None


def sentence_of(errors: Sequence[UserError]) -> str:
    """The refusals of one record in words."""
    return "; ".join(f"{error.code}: {error.message}" if error.code else error.message for error in errors)


@dataclass(frozen=True, slots=True)
class CustomerUpdates:
    """`customerUpdate`, several in one document; the address list is sent whole, as it replaces the old one."""

    api: GraphQLApi
    size: int = 20

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; customers that moved since the plan are left alone."""
        ready, outcomes, _ = split_moved(session, resource, changes)
        if not ready:
            return outcomes
        books = self._address_books(session, [str(change.key) for change in ready])
        return outcomes + settle(ready, lambda group: self._send(session, resource, group, books))

    def _address_books(self, session: Session, keys: Sequence[str]) -> dict[str, list[Record]]:
        """All addresses of each customer, the default one first."""
        names = f"id {' '.join(_ADDRESS)} countryCodeV2"
        query = (
            "query($ids: [ID!]!) {nodes(ids: $ids) {... on Customer "
            f"{{id defaultAddress {{{names}}} addresses(first: 50) {{{names}}}}}}}}}"
        )
        data = self.api.run(session, query, {"ids": list(keys)})
        books: dict[str, list[Record]] = {}
        for customer in msgspec.json.decode(data["nodes"]):
            if customer:
                default = customer.get("defaultAddress")
                others = [item for item in customer["addresses"] if not default or item["id"] != default["id"]]
                books[customer["id"]] = [*([default] if default else []), *others]
        return books

    def _send(
        self, session: Session, resource: Resource, changes: Sequence[Change], books: Mapping[str, list[Record]]
    ) -> list[Outcome]:
        inputs = {
            f"input{place}": self._input(resource, change, books.get(str(change.key), []))
            for place, change in enumerate(changes)
        }
        declared = ", ".join(f"${name}: CustomerInput!" for name in inputs)
        calls = " ".join(
            f"m{place}: customerUpdate(input: ${name}) {{customer {{id}} userErrors {{field message}}}}"
            for place, name in enumerate(inputs)
        )
        data = self.api.run(session, f"mutation({declared}) {{{calls}}}", inputs, is_write=True)
        return [self._outcome(change, _payload_of(data, f"m{place}")) for place, change in enumerate(changes)]

    def _input(self, resource: Resource, change: Change, book: Sequence[Record]) -> dict[str, object]:
        given: dict[str, object] = {"id": change.key}
        address: dict[str, object] = {}
        for name, value in change.after.items():
            field = resource.field(name)
            inside = field.parts[0] == "defaultAddress"
            (address if inside else given)[field.write or field.parts[-1]] = value
        if address:
            default, others = (book[0], book[1:]) if book else ({}, [])
            given["addresses"] = [_as_input(default) | address, *(_as_input(other) for other in others)]
        return given

    def _outcome(self, change: Change, payload: _Payload | None) -> Outcome:
        if payload is None or (not payload.user_errors and payload.customer is None):
            return unknown(change, "The answer does not mention this customer; read it back first.")
        if payload.user_errors:
            return rejected(change, sentence_of(payload.user_errors))
        return confirmed(change)


def _as_input(address: Record) -> dict[str, object]:
    named = {name: address.get(name) for name in _ADDRESS}
    return {**named, "countryCode": address.get("countryCodeV2")} if address else {}


@dataclass(frozen=True, slots=True)
class PriceUpdates:
    """`productVariantsBulkUpdate`, one per product; a bad variant does not hold back the others."""

    api: GraphQLApi
    size: int = 50

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; variants that moved since the plan are left alone."""
        ready, outcomes, records = split_moved(session, resource, changes)
        if not ready:
            return outcomes
        product = resource.field("product_source_id")
        products = {change.change_id: str(value_at(records[str(change.key)], product)) for change in ready}
        return outcomes + settle(ready, lambda group: self._send(session, group, products))

    def _send(self, session: Session, changes: Sequence[Change], products: Mapping[str, str]) -> list[Outcome]:
        groups: dict[str, list[Change]] = {}
        for change in changes:
            groups.setdefault(products[change.change_id], []).append(change)
        variables: dict[str, object] = {}
        for place, (product, group) in enumerate(groups.items()):
            variables[f"p{place}"] = product
            variables[f"v{place}"] = [{"id": item.key, "price": _money(item.after["price"])} for item in group]
        declared = ", ".join(
            f"$p{place}: ID!, $v{place}: [ProductVariantsBulkInput!]!" for place in range(len(groups))
        )
        calls = " ".join(
            f"m{place}: productVariantsBulkUpdate(productId: $p{place}, variants: $v{place}, "
            "allowPartialUpdates: true) {productVariants {id} userErrors {field message code}}"
            for place in range(len(groups))
        )
        data = self.api.run(session, f"mutation({declared}) {{{calls}}}", variables, is_write=True)
        outcomes: list[Outcome] = []
        for place, group in enumerate(groups.values()):
            outcomes += self._outcomes(group, _payload_of(data, f"m{place}"))
        return outcomes

    def _outcomes(self, group: Sequence[Change], payload: _Payload | None) -> list[Outcome]:
        if payload is None:
            return []
        by_place, general = _by_place(payload.user_errors)
        written = {variant.get("id") for variant in payload.product_variants or []}
        outcomes = []
        for place, change in enumerate(group):
            if change.key in written:
                outcomes.append(confirmed(change))
            elif place in by_place or general:
                outcomes.append(rejected(change, sentence_of(by_place.get(place, general))))
        return outcomes


def _money(value: object) -> str:
    return format(Decimal(str(value)), "f")


def _by_place(errors: Sequence[UserError]) -> tuple[dict[int, list[UserError]], list[UserError]]:
    """User errors by the number in their field path, and those about the whole call."""
    placed: dict[int, list[UserError]] = {}
    general: list[UserError] = []
    for error in errors:
        place = next((int(part) for part in error.field or [] if part.isdigit()), None)
        if place is None:
            general.append(error)
        else:
            placed.setdefault(place, []).append(error)
    return placed, general


@dataclass(frozen=True, slots=True)
class QuantityUpdates:
    """`inventorySetQuantities`: compare and set, all or nothing; the rest of a refused call is sent again."""

    api: GraphQLApi
    location: LookedUp
    size: int = 250

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; the shop itself compares with the guard."""
        location = self.location.find(self.api, session)
        return settle_all([changes], lambda group: self._send(session, group, location))

    def _send(self, session: Session, changes: Sequence[Change], location: str) -> list[Outcome]:
        payload = self._set(session, changes, location)
        if payload is None or (not payload.user_errors and payload.inventory_adjustment_group is None):
            return []
        if not payload.user_errors:
            return [confirmed(change) for change in changes]
        placed, general = _by_place(payload.user_errors)
        if not placed:
            return [rejected(change, sentence_of(general)) for change in changes]
        ended = [self._refused(change, placed[place]) for place, change in enumerate(changes) if place in placed]
        rest = [change for place, change in enumerate(changes) if place not in placed]
        if not rest:
            return ended
        return settle_all([rest], lambda group: self._send(session, group, location), ended)

    def _set(self, session: Session, changes: Sequence[Change], location: str) -> _Payload | None:
        query = (
            "mutation($input: InventorySetQuantitiesInput!, $key: String!) "
            "{m0: inventorySetQuantities(input: $input) @idempotent(key: $key) "
            "{inventoryAdjustmentGroup {id} userErrors {field message code}}}"
        )
        lines = [
            {
                "inventoryItemId": change.key,
                "locationId": location,
                "quantity": int(str(change.after["available_quantity"])),
                "changeFromQuantity": change.guard.get("available_quantity"),
            }
            for change in changes
        ]
        given = {"name": "available", "reason": "correction", "quantities": lines}
        ids = [change.change_id for change in changes]
        key = str(uuid.uuid5(_NAMESPACE, msgspec.json.encode([ids, lines]).decode()))
        data = self.api.run(session, query, {"input": given, "key": key}, is_write=True)
        return _payload_of(data, "m0")

    def _refused(self, change: Change, errors: Sequence[UserError]) -> Outcome:
        if any((error.code or "").endswith("_STALE") for error in errors):
            sentence = "The stock has moved since the plan was made; the next plan will look at it again."
            return conflicted(change, sentence)
        return rejected(change, sentence_of(errors))
