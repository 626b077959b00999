"""Finds the parts of vendors: `vendor` (a server), `world` (its records), `staged` (what is no server of ours).

A vendor is a folder of `sandbox/vendors/` with modules of these names, or a file there that is its server. The
vendors that only a business knows are in `sandbox/` of the project that is run; they are modules of
`sandbox.vendors`, too. A project is not asked for a vendor that is in `sandbox/vendors/`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from concord.project import find_folder
from sandbox import vendors

FOLDER = "sandbox"
_OWN = Path(__file__).resolve().parent / "vendors"


def include_project() -> Path | None:
    """Let modules of the project be imported as `sandbox.vendors`; gives their folder, or None."""
    project = find_folder()
    folder = project / FOLDER if project else None
    if folder is None or not folder.is_dir():
        return None
    if str(folder) not in vendors.__path__:
        vendors.__path__.append(str(folder))
    return folder


def find_parts(part: str) -> Mapping[str, ModuleType]:
    """The modules of this name, by vendor: those of the sandbox, then those of the project."""
    return _find_parts(part, include_project())


@cache
def _find_parts(part: str, project: Path | None) -> dict[str, ModuleType]:
    own = _import_parts(part, _OWN)
    if project is None:
        return own
    known = {path.stem for path in _OWN.iterdir()}
    return own | {name: module for name, module in _import_parts(part, project).items() if name not in known}


def _import_parts(part: str, folder: Path) -> dict[str, ModuleType]:
    found = sorted(path.parent.name for path in folder.glob(f"*/{part}.py"))
    return {name: import_module(f"{vendors.__name__}.{name}.{part}") for name in found}
