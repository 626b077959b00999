"""Finds the systems: each module or folder of `concord.systems` declares one, and no list of them is kept.

An installation uses some of them: its Dags, pools and pages are about those. The warehouse has the tables of
all, so that the models of dbt can be built whichever are in use.
"""

import pkgutil
from functools import cache
from importlib import import_module

from concord import systems as folder
from concord.contract import System
from concord.errors import ConfigurationError, ContractError
from concord.settings import chosen_systems, read_dbt_project

TRANSFORM_POOL = "dbt"  # dbt works on one state of the warehouse at a time


@cache
def declared_systems() -> tuple[System, ...]:
    """All declared systems, by name; `ContractError` for two of one name or a module that declares none."""
    found: dict[str, System] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        declared = getattr(import_module(f"{folder.__name__}.{name}"), "SYSTEM", None)
        if not isinstance(declared, System):
            raise ContractError(f"systems/{name}.py declares no SYSTEM; end the file with SYSTEM = System(...).")
        if declared.name in found:
            raise ContractError(
                f"Two modules of systems/ declare a system named {declared.name!r}; give {name}.py another name."
            )
        found[declared.name] = declared
    return tuple(found[name] for name in sorted(found))


def systems() -> tuple[System, ...]:
    """The systems in use: those that CONCORD_SYSTEMS names, and where it names none all that are declared."""
    chosen = chosen_systems()
    known = [declared.name for declared in declared_systems()]
    if chosen is not None and not chosen <= set(known):
        raise ConfigurationError(
            f"CONCORD_SYSTEMS names {', '.join(sorted(chosen - set(known)))}, which no file of systems/ declares; "
            f"there are {', '.join(known)}.",
            variable="CONCORD_SYSTEMS",
        )
    return tuple(declared for declared in declared_systems() if chosen is None or declared.name in chosen)


def written_systems() -> tuple[System, ...]:
    """The systems in use that are written back to: those with a model of what a resource should hold."""
    models = read_dbt_project() / "models" / "marts" / "desired"
    return tuple(
        item
        for item in systems()
        if any(
            resource.writes and (models / item.name / f"desired_{item.name}__{resource.name}.sql").exists()
            for resource in item.resources
        )
    )


def system(name: str) -> System:
    """The declared system of that name; `ContractError` when there is none."""
    for declared in declared_systems():
        if declared.name == name:
            return declared
    known = ", ".join(declared.name for declared in declared_systems())
    raise ContractError(f"There is no system {name!r}; there are {known}.")


def pool_slots() -> dict[str, int]:
    """The pools that must exist before a Dag runs, with their slots: one per system, and one for dbt."""
    return {**{declared.name: declared.rate_limit.concurrency for declared in systems()}, TRANSFORM_POOL: 1}
