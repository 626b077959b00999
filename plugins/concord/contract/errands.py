"""What a stage is about: a batch that landed together, or records that are looked up."""

from collections.abc import Sequence
from dataclasses import dataclass

from concord.contract.resources import Resource
from concord.contract.systems import System


@dataclass(frozen=True, slots=True)
class Batch:
    """What one extract landed together: which resource of which system, under which id."""

    system: System
    resource: Resource
    batch_id: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Records asked for by the values of one field, on behalf of the plan or change named by `reference`."""

    name: str
    values: Sequence[str]
    reference: str
