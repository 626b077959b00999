"""Fields that a business adds to the resources of a system that is declared already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from concord.contract.fields import Field, Kind
from concord.contract.resources import Resource
from concord.contract.systems import System


@dataclass(frozen=True, slots=True)
class Extension:
    """Further fields of a system, by the names of its resources."""

    system: str
    fields: Mapping[str, Sequence[Field]]

    def apply(self, system: System) -> System:
        """The system with these fields behind its own.

        Raises `ContractError` for a resource that the system has not, and for a field that it has already.
        """
        for name in self.fields:
            system.resource(name)
        resources = (_extended(item, self.fields.get(item.name, ())) for item in system.resources)
        return replace(system, resources=tuple(resources))


def _extended(resource: Resource, fields: Sequence[Field]) -> Resource:
    """The resource with custom fields, which it writes as its own where the vendor does not work them out."""
    writes = resource.writes
    if writes is not None:
        added = {item.name for item in fields if not item.is_computed and item.kind is not Kind.JSON}
        writes = replace(
            writes,
            update=writes.update | added if writes.update else writes.update,
            create=writes.create | added if writes.create else writes.create,
        )
    added_fields = (replace(item, is_custom=True) for item in fields)
    return replace(resource, fields=(*resource.fields, *added_fields), writes=writes)


def extend(system: str, /, **resources: Sequence[Field]) -> Extension:
    """Add fields to resources of a declared system: `extend("mycrm", accounts=[Field("Limit", "credit_limit")])`.

    They are read and validated with the others. A field of a customer, product or order is compared with the
    fields of the same name that other systems have of it, and written where `field_ownership.csv` names its owner.
    """
    return Extension(system, resources)
