"""The rules about vendors: only a vendor's own folders name it, and it has one of each.

Models, macros and tests of dbt that all systems share ask for a role or an entity, and name no vendor either.

The vendors are those of `plugins/concord/systems`; each has an entry of its name (a folder, or one file) in every
folder of `FOLDERS`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.words import list_files

SYSTEMS = Path("plugins/concord/systems")
MODELS = Path("dbt_project/models")
FOLDERS = (SYSTEMS, MODELS / "staging", Path("expectations"), Path("sandbox/vendors"))
# Where no vendor may be named: the product's code, its Dags, and its SQL. What describes models in YAML may,
# because its unit tests have records of systems as samples.
NEUTRAL = ("plugins", "dags", "dbt_project")
# A vendor's own places within these; the seeds are what a business replaces with its own.
OWN = (
    SYSTEMS,
    MODELS / "staging",
    MODELS / "entities",
    MODELS / "intermediate" / "vendors",
    MODELS / "marts" / "desired",
    Path("dbt_project/seeds"),
)
COMMON = MODELS / "staging" / "concord"  # no vendor's
DESCRIPTIONS = (".yml",)
# What vendors call their dialects and products, written so that this file does not match itself.
PRODUCT_WORDS = ("Suite[Q]L", "SO[Q]L", "[s]Object", "Suite[T]alk", "AS/[4]00", "S/4[H]ANA")
LONG = 6


def find_vendor_breaches(root: Path) -> list[str]:
    """Every breach of either rule, as `path:line: what`; a folder that does not exist yet is passed over."""
    return [*find_vendor_names(root), *find_misplaced_vendors(root)]


def list_vendors(root: Path) -> list[str]:
    """The names of the vendors, in order."""
    return sorted({name for name in _list_entries(root / SYSTEMS) if not name.startswith("_")})


def find_vendor_names(root: Path) -> Iterator[str]:
    """Every line outside a vendor's folders that names a vendor."""
    pattern = make_pattern(list_vendors(root))
    for path in list_files(root):
        place = path.relative_to(root)
        if place.parts[0] not in NEUTRAL or (any(map(place.is_relative_to, OWN)) and COMMON not in place.parents):
            continue
        if place.suffix in DESCRIPTIONS:
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            if found := pattern.search(line):
                yield f"{place}:{number}: names the vendor's word {found[0]!r}: {line.strip()[:120]}"


def make_pattern(vendors: list[str]) -> re.Pattern[str]:
    """What finds a vendor's name, also inside a longer one; a short name only as a word, or a part between `_`."""
    names = [name.replace("_", "[ _]") for name in vendors]
    words = [name if len(name) >= LONG else rf"(?<![a-z]){name}(?![a-z])" for name in names]
    return re.compile("|".join([*words, *PRODUCT_WORDS]), re.IGNORECASE)


def find_misplaced_vendors(root: Path) -> Iterator[str]:
    """Every vendor that has no entry of its name, or several, in a folder in which it must have one."""
    for vendor in list_vendors(root):
        for folder in FOLDERS:
            count = _list_entries(root / folder).count(vendor)
            if (root / folder).exists() and count != 1:
                yield f"{folder}:1: {vendor} has {count} entries here, and must have one"


def _list_entries(folder: Path) -> list[str]:
    """The names of the folders and Python files in a folder, without `.py`; none where there is no folder."""
    entries = sorted(folder.iterdir()) if folder.exists() else []
    return [entry.stem for entry in entries if entry.suffix == ".py" or (entry.is_dir() and any(entry.iterdir()))]
