"""Fields that a business adds to the resources of a system that is declared already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from concord.contract.fields import Field
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
        resources = (
            replace(item, fields=(*item.fields, *self.fields.get(item.name, ()))) for item in system.resources
        )
        return replace(system, resources=tuple(resources))


def extend(system: str, /, **resources: Sequence[Field]) -> Extension:
    """Add fields to resources of a declared system: `extend("mycrm", accounts=[Field("Limit", "credit_limit")])`.

    They are read, validated and kept with the others, and a model of the business may use them.
    """
    return Extension(system, resources)
