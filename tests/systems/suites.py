"""The expectations by which a test judges a batch: the system's own, or one that every record meets."""

import json
from pathlib import Path

from concord.contract import Resource
from concord.settings import REPOSITORY


def find_suites(folder: Path, system: str, resource: Resource) -> Path:
    """The folder of suites for the resource; one is written into `folder` where the repository has none."""
    own = REPOSITORY / "expectations"
    return own if (own / system / f"{resource.name}.json").exists() else write_suite(folder, system, resource)


def write_suite(folder: Path, system: str, resource: Resource) -> Path:
    """A suite that asks for nothing but a key."""
    expectation = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": resource.key},
        "meta": {"severity": "row", "reason": "there is no key", "note": "A suite needs an expectation."},
    }
    path = folder / system / f"{resource.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": f"{system}/{resource.name}", "expectations": [expectation]}))
    return folder
