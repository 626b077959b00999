"""What a GraphQL query selects for the declared fields."""

from concord.contract import Field, Kind
from concord.protocols.graphql.selection import select_fields


def test_a_selection_names_every_field_once() -> None:
    fields = (
        Field("id", "source_id"),
        Field("owner.id", "owner_id"),
        Field("owner.name.first", "first_name"),
        Field("lines", "lines", Kind.JSON, select="lines(first: 5) {nodes {sku}}"),
    )
    arguments = {"owner": '(at: "x")'}
    assert select_fields(fields, arguments) == 'id owner(at: "x") {id name {first}} lines(first: 5) {nodes {sku}}'
