"""The expectations by which a test judges a batch: the system's own, or one that every record meets."""

import json
from pathlib import Path

from concord.contract import Resource, System
from concord.installed import PRODUCT
from concord.stages.validate.expectations import find_suite

SUITES = PRODUCT / "expectations"


def has_suite(system: System, resource: Resource) -> bool:
    """Whether the project or Concord has a suite for the resource."""
    return find_suite(SUITES, system, resource.name).exists()


def find_suites(folder: Path, system: System, resource: Resource) -> Path:
    """Concord's folder of suites, where there is one for the resource, or `folder`, into which one is written."""
    return SUITES if has_suite(system, resource) else write_suite(folder, system.name, resource)


def write_suite(folder: Path, system: str, resource: Resource) -> Path:
    """A suite that asks for nothing but a key; returns the folder."""
    expectation = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": resource.key},
        "meta": {"severity": "row", "reason": "there is no key", "note": "A suite needs an expectation."},
    }
    path = folder / system / f"{resource.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": f"{system}/{resource.name}", "expectations": [expectation]}))
    return folder
