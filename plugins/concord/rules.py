"""Reads rules files: CSV tables in which a business decides, such as who owns a field and what is created where.

Concord's own are the seeds of its dbt project. A file of the same name in `rules/` of a project goes before one.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from concord.errors import ConfigurationError
from concord.project import read_project
from concord.settings import read_dbt_project

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A row of a rules file, and where it stands; a row with too few or too many cells is not whole."""

    place: str
    row: Row

    @property
    def is_whole(self) -> bool:
        """Whether the row has as many cells as the header."""
        return None not in self.row and None not in self.row.values()


@dataclass(frozen=True, slots=True)
class RulesTable:
    """The content of a rules file."""

    file: Path
    columns: Sequence[str]
    lines: Sequence[RuleLine]

    @property
    def rows(self) -> list[Row]:
        """The rows that have as many cells as the header, in their order."""
        return [line.row for line in self.lines if line.is_whole]

    def find_misshapen(self, wanted: Sequence[str]) -> Iterator[str]:
        """A sentence about the columns if others are wanted, else one for each row that is not whole."""
        if [*self.columns] != [*wanted]:
            yield f"{self.file}, line 1: the columns are {','.join(self.columns)}; write {','.join(wanted)}."
            return
        for line in self.lines:
            if not line.is_whole:
                yield (
                    f"{line.place}: this row has not as many cells as the header; "
                    "put a text with a comma into quotes."
                )


def list_own_rules() -> dict[str, Path]:
    """Concord's own rules files by the name of the rule."""
    return {file.stem: file for file in sorted((read_dbt_project() / "seeds").glob("*.csv"))}


def read_rules(rule: str) -> list[Row]:
    """The rows that hold for a rule: those of the project, under its profile if one is chosen, else Concord's own.

    A file of an older Concord may lack columns. Raises ConfigurationError, with file and line, for a file that
    cannot be read, that has columns which Concord's own has not, or a row of another length.
    """
    project, own = read_project(), list_own_rules()[rule]
    table = read_rules_file((project.rules() if project else {}).get(rule, own))
    known = read_rules_file(own).columns
    wanted = table.columns if {*table.columns} <= {*known} else known
    if wrong := next(table.find_misshapen(wanted), ""):
        raise ConfigurationError(wrong, rule=rule)
    return table.rows


def list_columns(rule: str) -> list[str]:
    """The columns of the file that holds for a rule. Raises ConfigurationError for one that cannot be read."""
    project = read_project()
    return [*read_rules_file((project.rules() if project else {}).get(rule, list_own_rules()[rule])).columns]


def read_rules_file(file: Path) -> RulesTable:
    """The columns and rows of a file; a byte order mark, as spreadsheets write it, belongs to neither.

    Raises ConfigurationError for a file that cannot be opened, or is no text in UTF-8.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text)
            lines = [RuleLine(f"{file}, line {rows.line_num}", row) for row in rows]
            return RulesTable(file, list(rows.fieldnames or []), lines)
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file} is no text in UTF-8; save it as CSV in UTF-8, a file type that spreadsheets offer.",
            file=str(file),
        ) from error
    except (OSError, csv.Error) as error:
        raise ConfigurationError(f"{file} cannot be read ({error}); correct it.", file=str(file)) from error
