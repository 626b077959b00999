"""What dbt must know of the systems in use: their roles, what their resources hold, and the models that they have.

Shared models name no system. They ask for a role or for an entity, and loop over these variables while dbt reads
them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from concord.contract import Field, Kind, Resource, System
from concord.contract.resources import PART
from concord.project import read_project

ENTITIES = "entities"


def rank_systems(systems: Iterable[System], role: str = "") -> list[System]:
    """Systems by their rank; with a role, those that play it by their rank in it.

    A project ranks them by their order in concord.toml; without one the rank is that of their declarations.
    """
    project = read_project()
    order = list(project.systems) if project else []
    playing = (item for item in systems if not role or role in item.roles)
    return sorted(playing, key=lambda item: _rank(item, order, role))


def _rank(declared: System, order: Sequence[str], role: str) -> tuple[int, int, str]:
    place = order.index(declared.name) if declared.name in order else len(order)
    rank = declared.roles[role] if role else min(declared.roles.values(), default=99)
    return place, rank, declared.name


def describe_systems(systems: Iterable[System], models: Iterable[Path]) -> dict[str, Any]:
    """The variables of dbt; `models` are the folders in which a model of an entity may be.

    `systems` are ranked, and have their place in each role that they play. `resources` name their entity, and
    `entities` are those of which a system in use has a model, with the names of these systems by their rank.
    """
    used = rank_systems(systems)
    return {
        "systems": [
            {
                "name": item.name,
                "vendor": item.vendor or item.name,
                "roles": {role: rank_systems(used, role).index(item) + 1 for role in item.roles},
            }
            for item in used
        ],
        "resources": [
            {"system": item.name, "resource": resource.name, "entity": resource.entity, **_abilities(resource)}
            for item in used
            for resource in item.resources
        ],
        "custom_fields": [
            _describe_custom(item, resource, field)
            for item in used
            for resource in item.resources
            for field in resource.custom_fields
        ],
        "entities": _find_entities([item.name for item in used], models),
    }


def _describe_custom(system: System, resource: Resource, field: Field) -> dict[str, Any]:
    """A fact of an entity that only this business knows, and the column by which its records belong to it."""
    return {
        "system": system.name,
        "resource": resource.name,
        "entity": resource.entity.removesuffix(PART),
        "column_of_key": resource.column_of_key,
        "field": field.name,
        "kind": field.kind.value,
        "is_written": field.name in resource.written,
    }


def _abilities(resource: Resource) -> Mapping[str, bool]:
    """Whether records can be created, and whether they are then given with their lines and with an address."""
    created = resource.writes.create if resource.writes else frozenset()
    return {
        "creates": bool(created),
        "has_lines": any(resource.field(name).kind is Kind.JSON for name in created),
        "needs_address": any("address" in name for name in created),
    }


def _find_entities(systems: list[str], folders: Iterable[Path]) -> dict[str, list[str]]:
    """The systems that have a model of an entity, by entity; a model is called `<entity>__<system>`."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in folders for path in folder.rglob("*__*.sql")):
        entity, _, system = path.stem.partition("__")
        found.setdefault(entity, set()).add(system)
    return {
        entity: [name for name in systems if name in found[entity]]
        for entity in sorted(found)
        if found[entity] & set(systems)
    }
