"""Mutations: always HTTP 200, refusals in `userErrors`, and each is carried out as a whole or not at all."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import FieldNode

from sandbox.server.records import encode
from sandbox.server.store import Store
from sandbox.vendors.shopify.bulk import cancel_operation, run_query
from sandbox.vendors.shopify.customers import (
    create_address,
    create_customer,
    set_customer,
    update_address,
    update_customer,
)
from sandbox.vendors.shopify.documents import DocumentError, field_type
from sandbox.vendors.shopify.fulfillments import add_event, cancel_fulfillment, create_fulfillment, update_tracking
from sandbox.vendors.shopify.goods import update_order, update_variants
from sandbox.vendors.shopify.metafields import delete_metafields
from sandbox.vendors.shopify.projector import Compiler
from sandbox.vendors.shopify.refusals import Asked, MutationRefusedError
from sandbox.vendors.shopify.stock import set_quantities

Handler = Callable[[Store, Asked], dict[str, Any]]

_COST = 10
_IDEMPOTENCY_SINCE = "2026-04"
_TOPIC = "idempotency"

HANDLERS: dict[str, Handler] = {
    "customerCreate": create_customer,
    "customerUpdate": update_customer,
    "customerSet": set_customer,
    "customerAddressCreate": create_address,
    "customerAddressUpdate": update_address,
    "metafieldsDelete": delete_metafields,
    "productVariantsBulkUpdate": update_variants,
    "inventorySetQuantities": set_quantities,
    "orderUpdate": update_order,
    "fulfillmentCreate": create_fulfillment,
    "fulfillmentTrackingInfoUpdate": update_tracking,
    "fulfillmentCancel": cancel_fulfillment,
    "fulfillmentEventCreate": add_event,
    "bulkOperationRunQuery": run_query,
    "bulkOperationCancel": cancel_operation,
}
_IDEMPOTENT = frozenset({"inventorySetQuantities"})


def compile_mutation(
    compiler: Compiler, store: Store, nodes: list[FieldNode], asked: Asked
) -> tuple[Callable[[], tuple[Any, int]], int]:
    """One mutation, ready to run."""
    name = nodes[0].name.value
    asked = replace(asked, arguments=compiler.arguments("Mutation", nodes[0]))
    child = compiler.child(field_type("Mutation", name), nodes)
    directive = compiler.directive("idempotent", nodes[0])
    if name in _IDEMPOTENT and directive is None and asked.version >= _IDEMPOTENCY_SINCE:
        message = "The @idempotent directive is required for this mutation but was not provided."
        raise DocumentError([{"message": message, "path": [name], "extensions": {"code": "BAD_REQUEST"}}])

    def run() -> tuple[Any, int]:
        with store.transaction():
            payload = _once(store, name, asked, key=directive["key"] if directive else None)
        return child.project(payload), _COST

    return run, _COST


def _once(store: Store, name: str, asked: Asked, *, key: str | None) -> dict[str, Any]:
    """Run the mutation; under a known idempotency key give its first response again."""
    if key is None:
        return _handled(store, name, asked)
    fingerprint = hashlib.sha256(encode([name, asked.arguments])).hexdigest()
    kept = store.noted(_TOPIC, key)
    if kept is not None:
        if kept["fingerprint"] == fingerprint:
            return dict(kept["payload"])
        message = "The same idempotency key cannot be used with different parameters."
        return {"userErrors": [{"field": None, "message": message, "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}]}
    payload = _handled(store, name, asked)
    store.note(_TOPIC, key, {"fingerprint": fingerprint, "payload": payload})
    return payload


def _handled(store: Store, name: str, asked: Asked) -> dict[str, Any]:
    try:
        return {**HANDLERS[name](store, asked), "userErrors": []}
    except MutationRefusedError as refused:
        return {**refused.payload, "userErrors": refused.errors}
