"""The rule about the ledger: of the product's Python files only those of `store/ledger/` name its tables.

The standard test suite looks into them, as all tests do.
"""

import re
from collections.abc import Iterator
from pathlib import Path

PLUGINS = Path("plugins")
LEDGER = Path("plugins/concord/store/ledger")
TESTS = Path("plugins/concord/testing")
TABLES = re.compile(r"\bops\.(?:batches|changes|dead_letters|dispositions|journal|listed_keys|plans)\b")


def find_ledger_breaches(root: Path) -> Iterator[str]:
    """Every line of the product outside the ledger that names one of its tables, as `path:line: what`."""
    for path in sorted((root / PLUGINS).rglob("*.py")):
        place = path.relative_to(root)
        if place.is_relative_to(LEDGER) or place.is_relative_to(TESTS):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if found := TABLES.search(line):
                yield f"{place}:{number}: names {found[0]}; put the statement into {LEDGER}"
