"""A resource that is declared in another way for a test."""

from dataclasses import replace

from concord.contract import Field, Kind, Resource


def with_field(resource: Resource, item: Field) -> Resource:
    """The resource with this field in place of the one of the same name."""
    fields = tuple(item if other.name == item.name else other for other in resource.fields)
    return replace(resource, fields=fields)


class Redeclared:
    """What a desk does to an account whose server has one edition only."""

    def lack(self, resource: Resource, item: Field) -> Resource:
        """The account has no such field any more: by default, it is declared as one that the server never had."""
        return with_field(resource, replace(item, path="field_of_another_edition", select=""))

    def retype(self, resource: Resource, item: Field) -> Resource:
        """The field holds text from now on: by default, it is declared at the place of one that always did."""
        text = next(other for other in resource.fields if other.kind is Kind.TEXT and not other.required)
        return with_field(resource, replace(item, path=text.path, select=text.select))
