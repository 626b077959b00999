"""A resource as one account has it: vendors' fields differ by edition, settings and permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from concord.contract.fields import Kind
from concord.contract.resources import Resource


@dataclass(frozen=True, slots=True)
class Account:
    """What one account has of a resource.

    `resource` is without the fields that the account lacks, and has the paths that it uses. `constants` are the
    values that all records have, as text, by the names of fields that the connection's extra gives in place of the
    vendor. `unread` are the other declared fields, of which nothing is known. `kinds` are what the vendor says
    that the fields hold, as far as it says so.
    """

    resource: Resource
    constants: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def lacking(self) -> frozenset[str]:
        """The declared fields that the account has not; none of them is written."""
        return self.unread.union(self.constants)
