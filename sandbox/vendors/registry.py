"""The vendors of the sandbox by name: those that have a server, in `vendor.py` of their folder.

A new vendor is one folder of `sandbox/vendors/`, or of `sandbox/` in a project. A folder without `vendor.py` is
not served by `sandbox/server/`: it is a real server (tryton), a folder of files (ibm_i), a database
(legacy_sql), or shared code (odata).
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from sandbox.parts import find_parts
from sandbox.server.vendor import Vendor


def find_vendors() -> Mapping[str, type[Vendor]]:
    """The classes of the servers by the names of their vendors; ValueError for one that bears another name."""
    return {name: _vendor_in(module, name) for name, module in find_parts("vendor").items()}


def _vendor_in(module: ModuleType, name: str) -> type[Vendor]:
    own = (item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__)
    vendor = next((item for item in own if issubclass(item, Vendor)), None)
    if vendor is None:
        raise ValueError(f"{module.__file__} has no class of Vendor; write one that is named {name!r}.")
    if vendor.name != name:
        raise ValueError(f"{module.__name__}.{vendor.__name__} is named {vendor.name!r}; name it {name!r}.")
    return vendor


def open_vendor(name: str, data_dir: Path) -> Vendor:
    """A vendor with its records; KeyError with a sentence for a name that has no vendor here."""
    found = find_vendors()
    if name not in found:
        raise KeyError(
            f"the sandbox has no {name}: give it {name}/vendor.py with a class of Vendor, in sandbox/vendors/ or "
            f"in sandbox/ of the project; there are {', '.join(sorted(found))}"
        )
    return found[name](data_dir)
