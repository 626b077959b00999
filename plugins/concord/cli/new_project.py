"""Makes the folder of a business: its concord.toml, and Concord's rules for the systems it uses, to be changed."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from concord import registry
from concord.contract import System
from concord.errors import ConfigurationError
from concord.project import FILE, SCHEMA
from concord.settings import read_dbt_project

# What a business decides in each file.
RULES = {
    "field_ownership": "Which system owns which field: of those that have a value, the one with the lowest rank.",
    "flows": "In which systems missing records are created.",
    "tolerances": "By how much two amounts may differ and still count as equal.",
    "removals": "Whether a value removed at its owner goes elsewhere too (travels), or a person is asked (asks).",
    "approval_policy": "What may be written without a person.",
    "order_statuses": "What each system's status of an order means.",
    "discrepancy_owners": "Who looks after what disagrees.",
    "identity_decisions": "Whether two customers are one, where the data cannot tell.",
}
_README = """# {name}

A project of Concord: what is particular to this business. Run the commands in this folder.

| place | what it holds |
|---|---|
| `concord.toml` | the systems in use, and the hours of a night |
| `rules/` | tables for the business, one fact a row; `./concord validate` checks them |
| `systems/` | declarations of systems that Concord does not know, one file each |
| `expectations/` | `SYSTEM/RESOURCE.json`: a suite that goes before Concord's of the same name |
| `models/` | dbt models of your own, which may refer to Concord's |

Rules to decide on first:

{rules}

A rules file that is taken away means Concord's own. Start with `write_back = "plan"`: plans are made and
shown, and nothing is written to any system. Write `"apply"` for a system once its plans are right.
"""


def make_project(folder: Path, systems: Sequence[str], name: str, time_zone: str) -> list[Path]:
    """Write the files of a new project and return them; an existing file is left as it is.

    Raises ConfigurationError for a system that nobody declares, and where there is a project already.
    """
    if (folder / FILE).exists():
        raise ConfigurationError(f"{folder / FILE} exists already; change it, or choose another folder.")
    used = [registry.system(each) for each in dict.fromkeys(systems)]
    texts = {
        FILE: _write_toml(used, name, time_zone),
        "README.md": _README.format(
            name=name, rules="\n".join(f"- `rules/{rule}.csv`: {what}" for rule, what in RULES.items())
        ),
        ".gitignore": ".concord/\n",
        "concord.schema.json": SCHEMA.read_text(encoding="utf-8"),
        **{f"rules/{rule}.csv": write_rules(rule, [each.name for each in used]) for rule in RULES},
    }
    for part in ("systems", "expectations", "models"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    written = []
    for place, text in texts.items():
        file = folder / place
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(file)
    return written


def _write_toml(systems: Sequence[System], name: str, time_zone: str) -> str:
    tables = "\n".join(
        f'[systems.{each.name}]  # {each.title}, by the connection {each.connection}\nwrite_back = "plan"\n'
        for each in systems
    )
    return f"""#:schema ./concord.schema.json
name = "{name}"
# start = "2025-01-01"  # the day from which on systems are read

[schedule]
time_zone = "{time_zone}"
read_at = "00:00"
reconcile_at = "02:00"
report_at = "04:00"
weekdays = "mon-sun"

# "plan": plans are made and shown, and nothing is written.
# "apply": what the policy or a person approves is written.
{tables}"""


def write_rules(rule: str, systems: Sequence[str]) -> str:
    """Concord's own rules file without the rows about systems that are not in use."""
    with (read_dbt_project() / "seeds" / f"{rule}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        text = io.StringIO()
        table = csv.DictWriter(text, rows.fieldnames or [], lineterminator="\n")
        table.writeheader()
        table.writerows(row for row in rows if row.get("system", systems[0]) in systems)
    return text.getvalue()
