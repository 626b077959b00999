"""Suites: the statements about a resource's batches that its contract cannot make, each suite a JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concord.contract import System
from concord.errors import ConfigurationError
from concord.packages import suite_folders
from concord.project import read_project

ROW, TABLE = "row", "table"
QUERY_TYPE = "unexpected_rows_expectation"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One statement; by its `severity` a failure quarantines rows (`row`) or refuses the batch (`table`)."""

    type: str
    kwargs: Mapping[str, object]
    severity: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The statements about one resource's batches; never empty."""

    name: str
    expectations: tuple[Expectation, ...]


def find_suite(suites: Path, system: System, resource: str) -> Path:
    """Where the suite of a resource lies: in the project, else in the folder `suites`, else in another package.

    An instance of a vendor's system has the vendor's, unless one bears its own name.
    """
    project, file = read_project(), f"{resource}.json"
    places = [Path(system.name, file), Path(system.vendor or system.name, file)]
    own = [project.folder / "expectations"] if project else []
    tried = (folder / place for folder in (*own, suites, *suite_folders()) for place in places)
    return next((place for place in tried if place.exists()), suites / places[-1])


def load_suite(path: Path) -> Suite:
    """Read a suite; `ConfigurationError` when it is missing, unreadable, empty or incomplete."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        items = document["expectations"]
        suite = Suite(document["name"], tuple(_read_expectation(item) for item in items))
    except FileNotFoundError as error:
        raise ConfigurationError(f"There are no expectations at {path}; write a suite there.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"The suite {path} cannot be read ({error}); correct it.") from error
    if not suite.expectations:
        raise ConfigurationError(f"The suite {path} is empty, so it would accept anything; add an expectation.")
    return suite


def _read_expectation(item: Mapping[str, Any]) -> Expectation:
    meta = item["meta"]
    if meta["severity"] not in (ROW, TABLE):
        raise ValueError(f"severity must be {ROW} or {TABLE}, not {meta['severity']!r}")
    for name in ("reason", "note"):
        if not meta[name].strip():
            raise ValueError(f"{item['type']} has an empty {name}")
    return Expectation(item["type"], item["kwargs"], meta["severity"], meta["reason"], meta["note"])


def failing_row_queries(suite: Suite, relation: str) -> list[str]:
    """The suite's own queries for failing rows, over a relation in the place of the batch."""
    return [query_of(item).format(batch=relation) for item in suite.expectations if item.type == QUERY_TYPE]


def query_of(expectation: Expectation) -> str:
    """The suite's own query, in which `{batch}` stands for the batch."""
    return str(expectation.kwargs["unexpected_rows_query"]).rstrip("; \t\r\n")
