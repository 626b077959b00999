"""Mutations: always HTTP 200, their refusals in `userErrors`, and each one whole or not at all."""

import hashlib
from collections.abc import Callable
from typing import Any

from graphql import FieldNode, get_named_type

from sandbox.store import Store, encode
from sandbox.vendors.shopify.customers import create_customer, set_customer, update_address, update_customer
from sandbox.vendors.shopify.documents import SCHEMA, DocumentError
from sandbox.vendors.shopify.goods import set_quantities, update_order, update_variants
from sandbox.vendors.shopify.projector import Compiler
from sandbox.vendors.shopify.user_errors import UserErrors

Arguments = dict[str, Any]
Handler = Callable[[Store, Arguments, str], dict[str, Any]]

_COST = 10
_IDEMPOTENCY_SINCE = "2026-04"
_TOPIC = "idempotency"

HANDLERS: dict[str, Handler] = {
    "customerCreate": create_customer,
    "customerUpdate": update_customer,
    "customerSet": set_customer,
    "customerAddressUpdate": update_address,
    "productVariantsBulkUpdate": update_variants,
    "inventorySetQuantities": set_quantities,
    "orderUpdate": update_order,
}
_IDEMPOTENT = frozenset({"inventorySetQuantities"})


def compile_mutation(
    compiler: Compiler, store: Store, nodes: list[FieldNode], version: str
) -> tuple[Callable[[], tuple[Any, int]], int]:
    """One mutation, ready to run."""
    name = nodes[0].name.value
    arguments = compiler.arguments("Mutation", nodes[0])
    child = compiler.child(get_named_type(SCHEMA.mutation_type.fields[name].type), nodes)  # type: ignore[union-attr]
    directive = compiler.directive("idempotent", nodes[0])
    if name in _IDEMPOTENT and directive is None and version >= _IDEMPOTENCY_SINCE:
        message = "The @idempotent directive is required for this mutation but was not provided."
        raise DocumentError([{"message": message, "path": [name], "extensions": {"code": "BAD_REQUEST"}}])

    def run() -> tuple[Any, int]:
        with store.transaction():
            payload = _once(store, name, arguments, version, key=directive["key"] if directive else None)
        return child.project(payload), _COST

    return run, _COST


def _once(store: Store, name: str, arguments: Arguments, version: str, *, key: str | None) -> dict[str, Any]:
    """Runs the mutation, or under a known idempotency key gives its first answer again."""
    if key is None:
        return _handled(store, name, arguments, version)
    fingerprint = hashlib.sha256(encode([name, arguments])).hexdigest()
    kept = store.noted(_TOPIC, key)
    if kept is not None:
        if kept["fingerprint"] == fingerprint:
            return dict(kept["payload"])
        message = "The same idempotency key cannot be used with different parameters."
        return {"userErrors": [{"field": None, "message": message, "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}]}
    payload = _handled(store, name, arguments, version)
    store.note(_TOPIC, key, {"fingerprint": fingerprint, "payload": payload})
    return payload


def _handled(store: Store, name: str, arguments: Arguments, version: str) -> dict[str, Any]:
    try:
        return {**HANDLERS[name](store, arguments, version), "userErrors": []}
    except UserErrors as refused:
        return {**refused.payload, "userErrors": refused.errors}
