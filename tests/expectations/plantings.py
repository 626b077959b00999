"""What is planted for each system: one module in `planted/` with up to three tables, by resource.

`GOOD` is a landed record with which every expectation is content, as the text that lands. `ROW_FAULTS` says for
each reason what to change in it, `TABLE_FAULTS` also how many such records refuse a batch.
"""

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.expectations import planted as folder

Row = dict[str, str | None]
Rows = dict[str, Row]
RowFaults = dict[str, dict[str, Row]]
TableFaults = dict[str, dict[str, tuple[int, Row]]]

STAMP = "2026-11-01T08:00:00Z"
LATER = "2126-01-01T00:00:00Z"


def _table(system: str, name: str) -> dict[str, Any]:
    module = f"{folder.__name__}.{system}"
    return dict(getattr(import_module(module), name, {})) if find_spec(module) else {}


def planted_resources() -> set[str]:
    """Every `system/resource` for which anything is planted."""
    return {
        f"{module.name}/{resource}"
        for module in pkgutil.iter_modules(folder.__path__)
        for name in ("GOOD", "ROW_FAULTS", "TABLE_FAULTS")
        for resource in _table(module.name, name)
    }


def good_row(resource: str) -> Row:
    """The good record of `system/resource`; a sentence where there is none."""
    system, name = resource.split("/")
    rows: Rows = _table(system, "GOOD")
    assert name in rows, f"tests/expectations/planted/{system}.py has no good record of {name}; put one into GOOD"
    return rows[name]


def row_faults(resource: str) -> dict[str, Row]:
    """By reason, what to change in the good record."""
    system, name = resource.split("/")
    faults: RowFaults = _table(system, "ROW_FAULTS")
    return faults.get(name, {})


def table_faults(resource: str) -> dict[str, tuple[int, Row]]:
    """By reason, how many records with what changed in them."""
    system, name = resource.split("/")
    faults: TableFaults = _table(system, "TABLE_FAULTS")
    return faults.get(name, {})
