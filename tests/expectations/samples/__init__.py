"""One module per system: a record per resource with which every expectation is content, and what to spoil in it.

`GOOD` is that record, `ROW_FAULTS` for every expectation, by its reason, what to change in it so that it fails,
`TABLE_FAULTS` the same for the batch as a whole, with how many records make it.
"""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

from tests.expectations.rows import Row


def _modules() -> list[ModuleType]:
    return [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def _collect(name: str) -> dict[str, Any]:
    return {resource: said for module in _modules() for resource, said in getattr(module, name, {}).items()}


GOOD: dict[str, Row] = _collect("GOOD")
ROW_FAULTS: dict[str, dict[str, Row]] = _collect("ROW_FAULTS")
TABLE_FAULTS: dict[str, dict[str, tuple[int, Row]]] = _collect("TABLE_FAULTS")
