"""What a stage works on: a batch of records that landed together, or records that are looked up."""

from collections.abc import Sequence
from dataclasses import dataclass

from concord.contract.resources import Resource
from concord.contract.systems import System


@dataclass(frozen=True, slots=True)
class Batch:
    """The records that one extract landed together: of which resource of which system, under which id."""

    system: System
    resource: Resource
    batch_id: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Records to look up: those of which the field `name` has one of the values.

    `reference` is the id of the plan or change for which they are looked up.
    """

    name: str
    values: Sequence[str]
    reference: str
