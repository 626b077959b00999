"""Finds what other installed packages bring: systems by the entry points `concord.systems`, and what lies beside.

In the folder of the module that declares a system may be `expectations/<system>/<resource>.json` and `models/`, as
a project has them. What a project or Concord has under the same name goes before it.
"""

from collections.abc import Container, Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

GROUP = "concord.systems"


def system_entries() -> list[EntryPoint]:
    """The entry points that declare systems, by name; each is named like its system."""
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def suite_folders() -> list[Path]:
    """The folders of suites that packages bring, in the order of their systems."""
    return [folder / "expectations" for _, folder in _find_folders() if (folder / "expectations").is_dir()]


def model_files(systems: Container[str]) -> list[Path]:
    """The dbt models of the packages of these systems, and their descriptions, in the order of the systems."""
    folders = dict.fromkeys(folder for name, folder in _find_folders() if name in systems)
    return [path for folder in folders for path in sorted(folder.joinpath("models").rglob("*")) if path.is_file()]


def _find_folders() -> Iterator[tuple[str, Path]]:
    """The name of each entry point, and the folder of the package in which its module is.

    A module that is in no package has no folder of its own.
    """
    for entry in system_entries():
        spec = find_spec(entry.module)
        if spec is None or spec.origin is None:
            continue
        if spec.submodule_search_locations or "." in entry.module:
            yield entry.name, Path(spec.origin).parent
