"""Shows what the checks of systems found: as a list for people, and as JSON for programs."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from concord.cli.checking import SystemFindings
from concord.contract import Finding, Level
from concord.wording import say_things

_STYLES = {Level.OK: "green", Level.NOTE: "yellow", Level.FAILS: "bold red"}


def show_system(console: Console, checked: SystemFindings) -> None:
    """Print the findings of one system under its title."""
    system = checked.system
    console.print(f"{system.title}  ({system.name}, connection {system.connection})", style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=7)
    table.add_column(overflow="fold", max_width=22)
    table.add_column(overflow="fold", ratio=1)
    for finding in checked.findings:
        table.add_row(
            Text(f"  {finding.level}", style=_STYLES[finding.level]), say_subject(finding), finding.sentence
        )
    console.print(table)
    console.print()


def say_subject(finding: Finding) -> str:
    """What the finding is about: the subject, behind the name of its resource where it has one."""
    return " ".join(filter(None, (finding.resource, finding.subject)))


def show_summary(console: Console, checked: Sequence[SystemFindings]) -> None:
    """Print how many systems fail, have notes, and are in order."""
    systems = say_things(len(checked), "system")
    failing, noted = (
        [item.system.name for item in checked if item.level is level] for level in (Level.FAILS, Level.NOTE)
    )
    if failing:
        console.print(f"Of {systems}, {len(failing)} will not work as it is now: {', '.join(failing)}.")
    else:
        console.print(f"Nothing stands in the way of a night in {systems}.")
    if noted:
        console.print(f"Read the notes of {', '.join(noted)}.")


def as_json(checked: Sequence[SystemFindings]) -> str:
    """The findings by system, with the worst level of each and of all; `resource` is null for a whole system."""
    worst = max((item.level for item in checked), key=lambda level: level.rank, default=Level.OK)
    systems = [
        {
            "system": item.system.name,
            "title": item.system.title,
            "connection": item.system.connection,
            "level": item.level,
            "findings": [
                {
                    "level": finding.level,
                    "resource": finding.resource or None,
                    "subject": finding.subject,
                    "sentence": finding.sentence,
                }
                for finding in item.findings
            ],
        }
        for item in checked
    ]
    return json.dumps({"level": worst, "systems": systems}, indent=2)
