"""The vendors of the sandbox by name: each module `<name>.py` and each package `<name>` with a `vendor.py`.

A new vendor is one file or folder here. A package without `vendor.py` is not served by `sandbox/server/`: it is a
real server (tryton, oscar), a folder of files (ibm_i), a database (legacy_sql), or shared code (odata).
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sandbox import vendors as folder
from sandbox.server.vendor import Vendor


def _collect() -> Iterator[tuple[str, type[Vendor]]]:
    for found in pkgutil.iter_modules(folder.__path__):
        module = f"{folder.__name__}.{found.name}" + (".vendor" if found.ispkg else "")
        if module == __name__ or find_spec(module) is None:
            continue
        for item in vars(import_module(module)).values():
            if isinstance(item, type) and issubclass(item, Vendor) and item.__module__ == module:
                yield found.name, _named(item, found.name)


def _named(vendor: type[Vendor], name: str) -> type[Vendor]:
    if vendor.name != name:
        raise ValueError(f"{vendor.__module__}.{vendor.__name__} is named {vendor.name!r}; name it {name!r}.")
    return vendor


VENDORS: dict[str, type[Vendor]] = dict(_collect())


def open_vendor(name: str, data_dir: Path) -> Vendor:
    """A vendor with its records; KeyError with a sentence for a name that has no vendor here."""
    if name not in VENDORS:
        raise KeyError(
            f"the sandbox has no {name}: give it sandbox/vendors/{name}/vendor.py with a class of Vendor; "
            f"there are {', '.join(sorted(VENDORS))}"
        )
    return VENDORS[name](data_dir)
