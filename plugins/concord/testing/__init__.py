"""The standard test suite for systems, as a pytest plugin: `pytest_plugins = ["concord.testing.plugin"]`.

A business names it in `tests/conftest.py` of its project. Each of its systems then needs two modules:
`tests/benches/<system>.py` with `FACTS`, how its server is started and what the suite must know of it; and
`tests/planted/<system>.py` with a good record of each resource, and an error for each of its expectations.

What such modules are made of can be imported from here. It needs pytest and hypothesis (`concord[testing]`).
"""

import concord.sandbox_path  # noqa: F401  # before the sandbox
from concord.testing.bench import Bench, by_key, keys_of, read_all, told
from concord.testing.desk import Desk, Values
from concord.testing.facts import Facts
from concord.testing.kept_file import KeptFile
from concord.testing.plantings import LATER, STAMP, Row, RowFaults, Rows, TableFaults
from concord.testing.relay import Relay, relayed
from concord.testing.sandbox_desk import Habits, SandboxDesk

__all__ = [
    "LATER",
    "STAMP",
    "Bench",
    "Desk",
    "Facts",
    "Habits",
    "KeptFile",
    "Relay",
    "Row",
    "RowFaults",
    "Rows",
    "SandboxDesk",
    "TableFaults",
    "Values",
    "by_key",
    "keys_of",
    "read_all",
    "relayed",
    "told",
]
