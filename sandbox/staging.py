"""The systems of the demo: which of them can be staged, and which records each of them holds."""

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

from concord import registry
from concord.local.installation import Installation
from sandbox.parts import find_parts
from sandbox.staged_system import StagedSystem
from sandbox.vendors.registry import find_vendors

DEMO_SYSTEMS = ("shopify", "salesforce", "tryton")


def find_staged() -> Mapping[str, type[StagedSystem]]:
    """By vendor, how a system of it is staged that is no server of the sandbox."""
    return {name: _staged_in(module) for name, module in find_parts("staged").items()}


def _staged_in(module: ModuleType) -> type[StagedSystem]:
    own = (item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__)
    found = next((item for item in own if issubclass(item, StagedSystem)), None)
    if found is None:
        raise ValueError(f"{module.__file__} has no class of StagedSystem; write one.")
    return found


def stageable_systems() -> list[str]:
    """The names of the declared systems that the demo can stage."""
    known = {*find_staged(), *find_vendors()}
    return [system.name for system in registry.declared_systems() if (system.vendor or system.name) in known]


def vendors_of(names: Iterable[str]) -> dict[str, str]:
    """The vendor of each system: its own name, unless it is an instance."""
    return {name: registry.system(name).vendor or name for name in names}


def stage_parts(names: Iterable[str]) -> dict[str, tuple[str, tuple[int, int]]]:
    """The vendor of each system, and the part of its records that is the system's: the number, and of how many."""
    vendors = vendors_of(names)
    parts = {}
    for name, vendor in vendors.items():
        same = [other for other in vendors if vendors[other] == vendor]
        parts[name] = vendor, (same.index(name), len(same))
    return parts


def stage_systems(names: Sequence[str], installation: Installation) -> dict[str, StagedSystem]:
    """A staged system for each name, not yet prepared; systems of one vendor share its records."""
    folder, staged = installation.home / "systems", find_staged()
    return {
        name: staged.get(vendor, StagedSystem)(name=name, folder=folder / name, vendor=vendor, part=part)
        for name, (vendor, part) in stage_parts(names).items()
    }
