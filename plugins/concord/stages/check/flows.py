"""Whether a business has records created in a system, by its `flows.csv`."""

from concord.contract import Resource, System
from concord.contract.resources import PART
from concord.rules import read_rules


def wants_created(system: System, resource: Resource) -> bool:
    """Whether records of the entity are created there; the row that names the system closest decides."""
    entity = resource.entity.removesuffix(PART)
    said = {row["system"]: row["is_creation_wanted"] for row in read_rules("flows") if row["entity"] == entity}
    closest = next((said[name] for name in system.rule_names if name in said), "false")
    return closest.lower() == "true"
