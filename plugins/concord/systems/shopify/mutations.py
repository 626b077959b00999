"""What mutations return, with the refusals that they give in `userErrors`.

https://shopify.dev/docs/api/admin-graphql/latest/mutations
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from concord.contract import Session
from concord.protocols.graphql.api import GraphQLApi
from concord.protocols.graphql.mutations import Mutation, run_mutations


class UserError(msgspec.Struct, rename="camel"):
    """One refusal; `field` is the path of the argument that was refused, None where no single one was."""

    message: str = ""
    field: list[str] | None = None
    code: str | None = None


class Payload(msgspec.Struct, rename="camel"):
    """What a mutation returns: its refusals, and the record that it wrote under the name of its kind."""

    user_errors: list[UserError]
    customer: dict[str, Any] | None = None
    address: dict[str, Any] | None = None
    product_variants: list[dict[str, Any]] | None = None
    inventory_adjustment_group: dict[str, Any] | None = None
    fulfillment: dict[str, Any] | None = None
    fulfillment_event: dict[str, Any] | None = None
    deleted_metafields: list[dict[str, Any] | None] | None = None

    @property
    def is_of_customer(self) -> bool:
        """Whether it tells of a customer, of an address, or of metafields that are gone."""
        return bool(self.customer or self.address) or self.deleted_metafields is not None


_payload: "msgspec.json.Decoder[Payload | None]" = msgspec.json.Decoder(Payload | None)


def run_decoded(api: GraphQLApi, session: Session, mutations: Sequence[Mutation]) -> list[Payload | None]:
    """Carry out the mutations by one call; gives a payload for each, None where the answer holds none for it."""
    return [_decode(raw) for raw in run_mutations(api, session, mutations)]


def _decode(raw: msgspec.Raw | None) -> Payload | None:
    try:
        return _payload.decode(raw or b"null")
    except msgspec.DecodeError:
        return None


def sentence_of(errors: Sequence[UserError]) -> str:
    """The refusals of one record in words."""
    return "; ".join(f"{error.code}: {error.message}" if error.code else error.message for error in errors)
