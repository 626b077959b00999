"""Writes customers, prices and stock of a shop, several records by one document of mutations."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from concord.contract import Change, Field, Outcome, Resource, Session
from concord.protocols.graphql.api import GraphQLApi
from concord.protocols.graphql.connections import OnlyRecord
from concord.protocols.graphql.mutations import Mutation
from concord.protocols.values import Record, value_at, write_digits
from concord.protocols.writing import check_changes, confirmed, conflicted, rejected, settle_all, unknown
from concord.systems.shopify.metafields import is_metafield, metafield_inputs, metafields_delete
from concord.systems.shopify.mutations import Payload, UserError, run_decoded, sentence_of

_NAMESPACE = uuid.UUID("0d5e9f6e-6c1b-5e0f-9b8a-6b2f6b1f4c11")
_ADDRESS = (
    "firstName",
    "lastName",
    "company",
    "address1",
    "address2",
    "city",
    "zip",
    "provinceCode",
    "phone",
)


@dataclass(frozen=True, slots=True)
class CustomerUpdates:
    """The default address by mutations of one address, the rest by `customerUpdate`, several in one document.

    No list of addresses is written, because it would replace all of them, also one that was added meanwhile.
    """

    api: GraphQLApi
    size: int = 20
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; customers that moved since the plan are left alone."""
        checked = check_changes(session, resource, changes)
        keys = [str(change.key) for change in checked.ready]
        found = self._read_addresses(session, keys) if keys else {}
        return checked.send(lambda group: self._send(session, resource, group, found), self.size)

    def _read_addresses(self, session: Session, keys: Sequence[str]) -> dict[str, Record]:
        """The default address of each customer with all that an address holds, empty where there is none."""
        names = f"id {' '.join(_ADDRESS)} countryCodeV2"
        query = (
            "query($ids: [ID!]!) {nodes(ids: $ids) {... on Customer "
            f"{{id defaultAddress {{{names}}} addresses(first: 1) {{{names}}}}}}}}}"
        )
        data = self.api.run(session, query, {"ids": list(keys)})
        customers = [customer for customer in msgspec.json.decode(data["nodes"]) if customer]
        return {item["id"]: item.get("defaultAddress") or next(iter(item["addresses"]), {}) for item in customers}

    def _send(
        self, session: Session, resource: Resource, changes: Sequence[Change], addresses: Mapping[str, Record]
    ) -> list[Outcome]:
        documents = [
            _customer_mutations(resource, change, addresses.get(str(change.key), {})) for change in changes
        ]
        payloads = iter(run_decoded(self.api, session, [item for some in documents for item in some]))
        pairs = zip(changes, documents, strict=True)
        return [self._outcome(change, [next(payloads) for _ in some]) for change, some in pairs]

    def _outcome(self, change: Change, payloads: Sequence[Payload | None]) -> Outcome:
        errors = [error for payload in payloads if payload is not None for error in payload.user_errors]
        if errors:
            is_half = any(payload is not None and not payload.user_errors for payload in payloads)
            return rejected(change, f"{sentence_of(errors)}{' The rest was written.' if is_half else ''}")
        if any(payload is None or not payload.is_of_customer for payload in payloads):
            return unknown(change, "The answer does not mention this customer; read it back first.")
        return confirmed(change)


def _customer_mutations(resource: Resource, change: Change, present: Record) -> list[Mutation]:
    """The mutations of one customer; `present` is the address that is changed, empty where there is none."""
    given: dict[str, object] = {}
    address: dict[str, object] = {}
    metafields: dict[Field, object] = {}
    for name, value in change.after.items():
        field = resource.field(name)
        if is_metafield(field):
            metafields[field] = value
        else:
            inside = field.parts[0] == "defaultAddress"
            (address if inside else given)[field.write or field.parts[-1]] = value
    mutations = []
    if address:
        mutations.append(_address_mutation(change, present, address))
    if emptied := [field for field, value in metafields.items() if value is None]:
        mutations.append(metafields_delete(change.key, emptied))
    if inputs := metafield_inputs(metafields):
        given["metafields"] = inputs
    if given:
        arguments = {"input": ("CustomerInput!", {"id": change.key, **given})}
        mutations.append(Mutation("customerUpdate", arguments, "customer {id} userErrors {field message}"))
    return mutations


def _address_mutation(change: Change, present: Record, address: Mapping[str, object]) -> Mutation:
    """Changes one address and sends all else of it as it is; a region goes with the country that it lies in.

    A first address becomes the default one without being asked to, and a further one does not.
    """
    selection = "address {id} userErrors {field message}"
    if not present:
        added = {"customerId": ("ID!", change.key), "address": ("MailingAddressInput!", dict(address))}
        return Mutation("customerAddressCreate", added, selection)
    kept = {name: present.get(name) for name in _ADDRESS} | {"countryCode": present.get("countryCodeV2")}
    if address.get("countryCode", kept["countryCode"]) != kept["countryCode"]:
        kept["provinceCode"] = None
    arguments = {
        "customerId": ("ID!", change.key),
        "addressId": ("ID!", present["id"]),
        "address": ("MailingAddressInput!", {**kept, **address}),
        "setAsDefault": ("Boolean", True),
    }
    return Mutation("customerAddressUpdate", arguments, selection)


@dataclass(frozen=True, slots=True)
class PriceUpdates:
    """`productVariantsBulkUpdate`, one per product; a bad variant does not hold back the others."""

    api: GraphQLApi
    size: int = 50
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; variants that moved since the plan are left alone."""
        checked = check_changes(session, resource, changes)
        product = resource.field("product_source_id")
        products = {key: str(value_at(record, product)) for key, record in checked.records.items()}
        return checked.send(lambda group: self._send(session, group, products), self.size)

    def _send(self, session: Session, changes: Sequence[Change], products: Mapping[str, str]) -> list[Outcome]:
        groups: dict[str, list[Change]] = {}
        for change in changes:
            groups.setdefault(products[str(change.key)], []).append(change)
        payloads = run_decoded(self.api, session, [_price_mutation(*item) for item in groups.items()])
        pairs = zip(groups.values(), payloads, strict=True)
        return [outcome for group, payload in pairs for outcome in self._outcomes(group, payload)]

    def _outcomes(self, group: Sequence[Change], payload: Payload | None) -> list[Outcome]:
        if payload is None:
            return []
        by_position, general = _by_position(payload.user_errors)
        written = {variant.get("id") for variant in payload.product_variants or []}
        outcomes = []
        for position, change in enumerate(group):
            if change.key in written:
                outcomes.append(confirmed(change))
            elif position in by_position or general:
                outcomes.append(rejected(change, sentence_of(by_position.get(position, general))))
        return outcomes


def _price_mutation(product: str, changes: Sequence[Change]) -> Mutation:
    prices = [{"id": change.key, "price": write_digits(change.after["price"])} for change in changes]
    return Mutation(
        "productVariantsBulkUpdate",
        {
            "productId": ("ID!", product),
            "variants": ("[ProductVariantsBulkInput!]!", prices),
            "allowPartialUpdates": ("Boolean", True),
        },
        "productVariants {id} userErrors {field message code}",
    )


def _by_position(errors: Sequence[UserError]) -> tuple[dict[int, list[UserError]], list[UserError]]:
    """User errors by the position in their field path, and those about the whole call."""
    by_position: dict[int, list[UserError]] = {}
    general: list[UserError] = []
    for error in errors:
        position = next((int(part) for part in error.field or [] if part.isdigit()), None)
        if position is None:
            general.append(error)
        else:
            by_position.setdefault(position, []).append(error)
    return by_position, general


@dataclass(frozen=True, slots=True)
class QuantityUpdates:
    """`inventorySetQuantities`: compares and sets all or none; what a refused call did not name is sent again."""

    api: GraphQLApi
    location: OnlyRecord
    size: int = 250
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome per change; the guard is not read here, since the shop compares the stock with it."""
        location = self.location.find(self.api, session)
        return settle_all([changes], lambda group: self._send(session, group, location))

    def _send(self, session: Session, changes: Sequence[Change], location: str) -> list[Outcome]:
        payload = self._set(session, changes, location)
        if payload is None or (not payload.user_errors and payload.inventory_adjustment_group is None):
            return []
        if not payload.user_errors:
            return [confirmed(change) for change in changes]
        by_position, general = _by_position(payload.user_errors)
        if not by_position:
            return [rejected(change, sentence_of(general)) for change in changes]
        ended = [
            self._refused(change, by_position[position])
            for position, change in enumerate(changes)
            if position in by_position
        ]
        rest = [change for position, change in enumerate(changes) if position not in by_position]
        if not rest:
            return ended
        return settle_all([rest], lambda group: self._send(session, group, location), ended)

    def _set(self, session: Session, changes: Sequence[Change], location: str) -> Payload | None:
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
        mutation = Mutation(
            "inventorySetQuantities",
            {"input": ("InventorySetQuantitiesInput!", given)},
            "inventoryAdjustmentGroup {id} userErrors {field message code}",
            directive=f'@idempotent(key: "{key}")',
        )
        return run_decoded(self.api, session, [mutation])[0]

    def _refused(self, change: Change, errors: Sequence[UserError]) -> Outcome:
        if any((error.code or "").endswith("_STALE") for error in errors):
            sentence = "The stock has moved since the plan was made; the next plan will look at it again."
            return conflicted(change, sentence)
        return rejected(change, sentence_of(errors))
