"""What readers share that ask a vendor which fields an account has."""

from collections.abc import Iterator, Mapping

from concord.contract import Kind, Resource, Session


class NotDescribed:
    """A reader of a vendor that does not tell which fields an account has."""

    __slots__ = ()

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None] | None:
        """None: the fields are only known from the records."""
        return None


def paths_of(resource: Resource) -> Iterator[str]:
    """The paths that are declared, with those that are preferred."""
    for item in resource.fields:
        yield item.path
        if item.preferred:
            yield item.preferred
