"""The vendors of the sandbox by name: a new one is a module or a folder beside this file."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from sandbox import vendors as folder
from sandbox.server.vendor import Vendor


def _find() -> Iterator[type[Vendor]]:
    """The class in each `<name>.py` or `<name>/vendor.py` that says that this is its name."""
    for found in pkgutil.iter_modules(folder.__path__):
        place = f"{folder.__name__}.{found.name}{'.vendor' if found.ispkg else ''}"
        if find_spec(place) is None:
            continue
        for held in vars(import_module(place)).values():
            if isinstance(held, type) and issubclass(held, Vendor) and held.name == found.name:
                yield held


VENDORS: dict[str, type[Vendor]] = {vendor.name: vendor for vendor in _find()}
