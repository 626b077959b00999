"""Whether a business has records created in a system, by its `flows.csv`."""

import csv

from concord.contract import Resource, System
from concord.contract.resources import PART
from concord.project import read_project
from concord.settings import read_dbt_project

_RULE = "flows"


def wants_created(system: System, resource: Resource) -> bool:
    """Whether records of the entity are created there; the row that names the system closest decides."""
    entity = resource.entity.removesuffix(PART)
    said = {row["system"]: row["is_creation_wanted"] for row in _read_flows() if row["entity"] == entity}
    closest = next((said[name] for name in system.rule_names if name in said), "false")
    return closest.lower() == "true"


def _read_flows() -> list[dict[str, str]]:
    project = read_project()
    file = project.rules().get(_RULE) if project else None
    with (file or read_dbt_project() / "seeds" / f"{_RULE}.csv").open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))
