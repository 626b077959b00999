"""Metafields, in which a shop keeps what its own fields do not: read with the record and written with it.

https://shopify.dev/docs/api/admin-graphql/latest/objects/Metafield
"""

import re
from collections.abc import Mapping, Sequence

from concord.contract import Field, Form, Kind
from concord.errors import ConfigurationError
from concord.protocols.graphql.mutations import Mutation
from concord.protocols.values import write_digits

_PREFIX = "metafield"
_PLACE = re.compile(r"(?P<namespace>[A-Za-z0-9_$:-]{2,255})\.(?P<key>[A-Za-z0-9_-]{2,64})")
_TYPES = {
    Kind.TEXT: "single_line_text_field",
    Kind.INTEGER: "number_integer",
    Kind.DECIMAL: "number_decimal",
    Kind.BOOLEAN: "boolean",
    Kind.TIMESTAMP: "date_time",
    Kind.DATE: "date",
}


def metafield(
    place: str, name: str, kind: Kind = Kind.TEXT, *, shop_type: str = "", is_personal: bool = False
) -> Field:
    """A field that lies in the metafield at `place`, its namespace and key as in `custom.credit_limit`.

    `shop_type` is the shop's type of it, where it is not the usual one of the kind. Raises ConfigurationError for
    a place that is none, and for a kind that a metafield cannot have.
    """
    found = _PLACE.fullmatch(place)
    if found is None or kind not in _TYPES:
        raise ConfigurationError(
            f"No metafield of Shopify is at {place!r} as {kind.value}; write its namespace and key, as in "
            f"custom.credit_limit, and one of the kinds {', '.join(_TYPES)}."
        )
    alias = f"{_PREFIX}_{re.sub('[^A-Za-z0-9_]', '_', place)}"
    return Field(
        alias,
        name,
        kind,
        form=Form(sql="({}::jsonb ->> 'value')", encode=_as_text),
        select='{}: metafield(namespace: "{}", key: "{}") {{value}}'.format(alias, *found.groups()),
        write=f"{_PREFIX} {found['namespace']} {found['key']} {shop_type or _TYPES[kind]}",
        landed_as_json=True,
        json_type="object",
        is_personal=is_personal,
    )


def is_metafield(field: Field) -> bool:
    """Whether a field lies in a metafield."""
    return field.write.startswith(f"{_PREFIX} ")


def metafield_inputs(values: Mapping[Field, object]) -> list[dict[str, object]]:
    """What `customerUpdate` and its kind take for those with a value."""
    names = ("namespace", "key", "type", "value")
    return [
        dict(zip(names, (*field.write.split()[1:], field.form.encode(value)), strict=True))
        for field, value in values.items()
        if value is not None
    ]


def metafields_delete(owner: object, fields: Sequence[Field]) -> Mutation:
    """Takes metafields away; one without a value does not exist."""
    named = [dict(zip(("namespace", "key"), field.write.split()[1:3], strict=True)) for field in fields]
    arguments = {"metafields": ("[MetafieldIdentifierInput!]!", [{"ownerId": owner, **each} for each in named])}
    return Mutation("metafieldsDelete", arguments, "deletedMetafields {key} userErrors {field message}")


def _as_text(value: object) -> str:
    """The value as a metafield's text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value if isinstance(value, str) else write_digits(value))
