"""A declared system as a business has it: where its account has a field, and how often all is read anew."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from concord.contract.resources import Resource
from concord.contract.systems import System
from concord.contract.windows import ChangedBetween
from concord.errors import ContractError


def with_paths(system: System, fields: Iterable[tuple[str, str, str]]) -> System:
    """The system with fields at other paths: resource, our name and the vendor's path of each.

    Raises `ContractError` for a resource or a field that the system has not.
    """
    paths: dict[str, dict[str, str]] = {}
    for resource, name, path in fields:
        known = [item.name for item in system.resource(resource).fields]
        if name not in known:
            raise ContractError(f"{system.name} {resource} has no field {name!r}; it has {', '.join(known)}.")
        paths.setdefault(resource, {})[name] = path
    return _with(system, {name: system.resource(name).in_account(moved) for name, moved in paths.items()})


def read_whole(system: System, nights: Iterable[tuple[str, int]]) -> System:
    """The system with resources of which all records are read anew after so many nights.

    Raises `ContractError` for a resource that the system has not, and for one that is not read by what changed.
    """
    changed: dict[str, Resource] = {}
    for name, every in nights:
        resource = system.resource(name)
        if not isinstance(resource.changes, ChangedBetween):
            raise ContractError(f"{system.name} {name} is read as a whole every night already.")
        changed[name] = replace(resource, changes=replace(resource.changes, whole_every=every))
    return _with(system, changed)


def _with(system: System, changed: Mapping[str, Resource]) -> System:
    return replace(system, resources=tuple(changed.get(item.name, item) for item in system.resources))
