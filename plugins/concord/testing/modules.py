"""Where the suite finds what it must know of each system: modules of the systems' names, in one folder."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from concord.contract import System

FindModule = Callable[[str], ModuleType | None]


@dataclass(frozen=True)
class Modules:
    """A folder of modules, how one is found by the name of its system, and the systems that should have one.

    `find` gives None for a system without a module. `find_systems` is asked when the tests are made.
    """

    folder: Path
    find: FindModule
    find_systems: Callable[[], Sequence[System]]


def in_package(name: str) -> FindModule:
    """Finds modules in a package that can be imported."""

    def find(module: str) -> ModuleType | None:
        full = f"{name}.{module}"
        return import_module(full) if find_spec(full) is not None else None

    return find


def in_folder(folder: Path) -> FindModule:
    """Finds modules as files of a folder that is no package; each is run once."""

    def find(module: str) -> ModuleType | None:
        file, full = folder / f"{module}.py", f"concord_{folder.name}_{module}"
        if full in sys.modules:
            return sys.modules[full]
        spec = spec_from_file_location(full, file) if file.is_file() else None
        if spec is None or spec.loader is None:
            return None
        found = sys.modules[full] = module_from_spec(spec)
        spec.loader.exec_module(found)
        return found

    return find
