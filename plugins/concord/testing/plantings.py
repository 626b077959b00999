"""What is planted for each system: one module of its name with up to three tables, by resource.

`GOOD` is a landed record with which every expectation is content, as the text that lands. `ROW_FAULTS` says for
each reason what to change in it, `TABLE_FAULTS` also how many such records refuse a batch.
"""

from pathlib import Path
from typing import Any

from concord.contract import System
from concord.testing.modules import Modules

Row = dict[str, str | None]
Rows = dict[str, Row]
RowFaults = dict[str, dict[str, Row]]
TableFaults = dict[str, dict[str, tuple[int, Row]]]

STAMP = "2026-11-01T08:00:00Z"
LATER = "2126-01-01T00:00:00Z"


_chosen: list[Modules] = []


def choose_plantings(modules: Modules) -> None:
    """Say where the modules lie, and which systems have suites; the last one that is said holds."""
    _chosen[:] = [modules]


def systems_with_suites() -> tuple[System, ...]:
    """The systems of each of whose resources the expectations are tried."""
    return tuple(_chosen[0].find_systems())


def file_of(system: str) -> Path:
    """Where the tables of a system belong."""
    return _chosen[0].folder / f"{system}.py"


def _table(system: str, name: str) -> dict[str, Any]:
    return dict(getattr(_chosen[0].find(system), name, {}))


def planted_resources(system: str) -> set[str]:
    """The resources of a system for which anything is planted."""
    return {name for table in ("GOOD", "ROW_FAULTS", "TABLE_FAULTS") for name in _table(system, table)}


def good_row(resource: str) -> Row:
    """The good record of `system/resource`; a sentence where there is none."""
    system, name = resource.split("/")
    rows: Rows = _table(system, "GOOD")
    assert name in rows, f"{file_of(system)} has no good record of {name}; put one into GOOD"
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
