"""Declares to dbt the validated tables of systems that Concord has no models of, so that no business has to.

A source is called like its system, and has a table `<system>__<resource>` for each resource. What the models of a
business declare themselves is left to them.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # it has no types

from concord.contract import System

FILE = "_sources.yml"


def describe_sources(systems: Iterable[System], staging: Path, models: Iterable[Path]) -> str:
    """The file that declares the sources; `staging` has a folder for each vendor of Concord.

    `models` are the folders of all other models.
    """
    declared = {name for folder in models for name in _find_declared(folder)}
    wanted = [item for item in systems if not _is_staged(item, staging) and item.name not in declared]
    sources = [
        {
            "name": item.name,
            "schema": "validated",
            "tables": [{"name": f"{item.name}__{resource.name}"} for resource in item.resources],
        }
        for item in sorted(wanted, key=lambda item: item.name)
    ]
    return json.dumps({"sources": sources})


def _is_staged(system: System, staging: Path) -> bool:
    """Whether Concord's own models of a vendor, or their copies for an instance, read the system's tables."""
    return (staging / (system.vendor or system.name)).is_dir()


def _find_declared(models: Path) -> Iterator[str]:
    """The names of the sources in YAML files; what cannot be read is dbt's to complain of."""
    for file in sorted([*models.rglob("*.yml"), *models.rglob("*.yaml")]):
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        sources = found.get("sources") if isinstance(found, dict) else None
        yield from (str(item["name"]) for item in sources or [] if isinstance(item, dict) and "name" in item)
