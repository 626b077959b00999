"""Makes the folder of a business: its concord.toml, and Concord's rules for the systems it uses, to be changed."""

import csv
import io
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from concord import registry
from concord.contract import System
from concord.errors import ConfigurationError
from concord.installed import COMMAND
from concord.project import FILE, SCHEMA
from concord.rules import list_own_rules, read_rules_file

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
_README = f"""# {{name}}

A project of Concord: what is particular to this business. Run the commands in this folder.

| place | what it holds |
|---|---|
| `concord.toml` | the systems in use, and the hours of a night |
| `rules/` | tables for the business, one fact a row; `{COMMAND} validate` checks them |
| `systems/` | declarations of systems that Concord does not know, one file each |
| `expectations/` | `SYSTEM/RESOURCE.json`: a suite that goes before Concord's of the same name |
| `models/` | dbt models of your own, which may refer to Concord's |
| `tests/` | how systems of your own are tested; `{COMMAND} test` runs the standard suite on them |

Rules to decide on first:

{{rules}}

A rules file that is taken away means Concord's own. Start with `write_back = "plan"`: plans are made and
shown, and nothing is written to any system. Write `"apply"` for a system once its plans are right.
"""


def make_project(folder: Path, wanted: Sequence[tuple[str, str]], name: str, time_zone: str) -> list[Path]:
    """Write the files of a new project and return them; an existing file is left as it is.

    `wanted` are the systems, as `NAME` or `NAME=VENDOR`, with the role that each plays; an empty role means those
    that it usually plays.

    Raises ConfigurationError for a system that nobody declares, and where there is a project already.
    """
    if (folder / FILE).exists():
        raise ConfigurationError(f"{folder / FILE} exists already; change it, or choose another folder.")
    used = _read_wanted(wanted)
    texts = {
        FILE: _write_toml(used, name, time_zone),
        "README.md": _README.format(
            name=name, rules="\n".join(f"- `rules/{rule}.csv`: {what}" for rule, what in RULES.items())
        ),
        ".gitignore": ".concord/\n",
        "tests/conftest.py": 'pytest_plugins = ["concord.testing.plugin"]\n',
        "concord.schema.json": SCHEMA.read_text(encoding="utf-8"),
        **{f"rules/{rule}.csv": write_rules(rule, used) for rule in RULES},
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


def _read_wanted(wanted: Sequence[tuple[str, str]]) -> list[System]:
    """The systems as the project will use them, in the order in which they were named."""
    used: dict[str, System] = {}
    for word, role in wanted:
        name, _, vendor = word.partition("=")
        known = used.get(name) or registry.instance(registry.system(vendor or name), name)
        earlier = dict(known.roles) if name in used and role else {}
        used[name] = replace(known, roles={**earlier, role: 1} if role else known.roles)
    return list(used.values())


def _write_toml(systems: Sequence[System], name: str, time_zone: str) -> str:
    tables = "\n".join(_write_table(each) for each in systems)
    return f"""#:schema {COMMAND}.schema.json
name = "{name}"
# start = "2025-01-01"  # the day from which on systems are read

[schedule]
time_zone = "{time_zone}"
read_at = "00:00"
reconcile_at = "02:00"
report_at = "04:00"
weekdays = "mon-sun"

# The first system of a role goes before the others of that role; rules name a role, or a system.
# "plan": plans are made and shown, and nothing is written.
# "apply": what the policy or a person approves is written.
{tables}"""


def _write_table(system: System) -> str:
    roles = ", ".join(f'"{role}"' for role in system.roles)
    lines = [
        f"[systems.{system.name}]  # {system.title}, by the connection {system.connection}",
        *([f'vendor = "{system.vendor}"'] if system.vendor else []),
        *([f"roles = [{roles}]"] if roles else []),
        'write_back = "plan"',
    ]
    return "\n".join(lines) + "\n"


def write_rules(rule: str, systems: Sequence[System]) -> str:
    """Concord's own rules file without the rows about systems and roles that are not in use.

    Of the flows those are left out, too, for which no system in use that is meant can create anything.
    """
    known = {name for each in systems for name in each.rule_names}
    own = read_rules_file(list_own_rules()[rule])
    text = io.StringIO()
    table = csv.DictWriter(text, own.columns, lineterminator="\n")
    table.writeheader()
    table.writerows(
        row for row in own.rows if _is_about(row, known) and (rule != "flows" or _is_able(row, systems))
    )
    return text.getvalue()


def _is_about(row: Mapping[str, str], known: Container[str]) -> bool:
    return "system" not in row or row["system"] in known


def _is_able(row: Mapping[str, str], systems: Sequence[System]) -> bool:
    """Whether a system that the row means can create records of its entity."""
    meant = (item for item in systems if row["system"] in item.rule_names)
    return any(
        resource.entity == row["entity"] and resource.writes and resource.writes.create
        for item in meant
        for resource in item.resources
    )
