"""Reads the project of a business: the folder that holds concord.toml, and its rules, suites, systems and models.

Concord is installed once; a business is a folder of its own beside it. Without one, the environment alone says
which systems are in use, and Concord's own rules hold.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from concord.errors import ConfigurationError
from concord.installed import COMMAND

FILE = "concord.toml"
VARIABLE, PROFILE = "CONCORD_PROJECT", "CONCORD_PROFILE"
SCHEMA = Path(__file__).with_name("project.schema.json")
# The variable that an entry stands for, and that goes before it.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "CONCORD_START": ("start",),
    "CONCORD_TIME_ZONE": ("schedule", "time_zone"),
    "CONCORD_READ_AT": ("schedule", "read_at"),
    "CONCORD_RECONCILE_AT": ("schedule", "reconcile_at"),
    "CONCORD_REPORT_AT": ("schedule", "report_at"),
    "CONCORD_WEEKDAYS": ("schedule", "weekdays"),
}
_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class SystemUse:
    """How a business uses a system; `calls_per_day` is None where the quota of the declaration holds.

    `connection` is the name of its Airflow connection, empty where it is the usual one.
    `vendor` is the declared system that it is an instance of, empty where it is declared under its own name.
    `roles` are empty where it plays those that its declaration names.
    `limit` is how many records of each resource are read as a sample; None where all are read.
    `fields` are resource, our name and the vendor's path of fields that this account has at another place.
    `whole_every` are resources with the number of nights after which all of their records are read anew.
    """

    is_applied: bool = True
    calls_per_day: int | None = None
    vendor: str = ""
    roles: tuple[str, ...] = ()
    connection: str = ""
    limit: int | None = None
    fields: tuple[tuple[str, str, str], ...] = ()
    whole_every: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of a business, and what its concord.toml says, under a profile if one is chosen.

    A profile is the same business against other accounts: its systems have connections of their own.
    """

    folder: Path
    text: str
    entries: Mapping[str, Any]
    profile: str = ""

    @property
    def name(self) -> str:
        """The name of the business; that of its folder where none is given."""
        return str(self.entries.get("name") or self.folder.name)

    @property
    def systems(self) -> Mapping[str, SystemUse]:
        """The systems in use, by name."""
        return {name: self._use(name) for name in self.entries["systems"]}

    def _use(self, name: str) -> SystemUse:
        profile = self.entries.get("profiles", {}).get(self.profile, {})
        use = {**self.entries["systems"][name], **profile.get("systems", {}).get(name, {})}
        usual = f"{name}_{self.profile}" if self.profile else ""
        return SystemUse(
            use.get("write_back", "apply") == "apply",
            use.get("calls_per_day"),
            use.get("vendor", ""),
            tuple(use.get("roles", ())),
            use.get("connection", usual),
            use.get("limit"),
            tuple((each, *pair) for each, paths in use.get("fields", {}).items() for pair in paths.items()),
            tuple(use.get("whole_every", {}).items()),
        )

    def rules(self) -> dict[str, Path]:
        """The rules files by the name of the rule; that of the profile, `<rule>.<profile>.csv`, goes first."""
        files = sorted((self.folder / "rules").glob("*.csv"))
        common = {file.stem: file for file in files if "." not in file.stem}
        own = {file.stem.partition(".")[0]: file for file in files if file.stem.endswith(f".{self.profile}")}
        return {**common, **own} if self.profile else common

    def say_variable(self, variable: str) -> tuple[str, str]:
        """What is said in place of a variable of the environment, and where; two empty texts where nothing is."""
        path = VARIABLES.get(variable, ())
        found: Any = self.entries
        for part in path:
            found = found.get(part, {})
        return (str(found), f"{self.place(path)}: {path[-1]}") if path and found else ("", "")

    def place(self, path: Sequence[str]) -> str:
        """Where an entry stands, as file and line."""
        return f"{self.folder / FILE}, line {_line_of(self.text, path)}"

    def part(self, *names: str) -> Path | None:
        """A file or folder of the project; None where it has none of that name."""
        found = self.folder.joinpath(*names)
        return found if found.exists() else None


def find_folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """The project's folder: the one that CONCORD_PROJECT names, or the current one if it holds a concord.toml.

    Raises ConfigurationError where the named folder holds none.
    """
    variables = os.environ if environment is None else environment
    named = variables.get(VARIABLE, "")
    if not named:
        here = Path.cwd()
        return here if (here / FILE).is_file() else None
    folder = Path(named).expanduser().resolve()
    if not (folder / FILE).is_file():
        raise ConfigurationError(
            f"There is no {FILE} in {folder}; {COMMAND} init {named} makes a project there.", project=str(folder)
        )
    return folder


def choose_project(folder: Path) -> None:
    """Set CONCORD_PROJECT for this process and those that it starts."""
    os.environ[VARIABLE] = str(folder.expanduser().resolve())


def choose_profile(name: str) -> None:
    """Set CONCORD_PROFILE for this process and those that it starts."""
    os.environ[PROFILE] = name


def read_project(environment: Mapping[str, str] | None = None) -> Project | None:
    """The project of this process; None where there is none.

    Raises ConfigurationError, with file and line, for a concord.toml that cannot be read or says what it may not.
    """
    folder = find_folder(environment)
    if folder is None:
        return None
    profile = (os.environ if environment is None else environment).get(PROFILE, "")
    return _read(folder, (folder / FILE).stat().st_mtime_ns, profile)


@lru_cache(maxsize=8)
def _read(folder: Path, _changed: int, profile: str) -> Project:
    """The project as it is at a time of change of its file."""
    file = folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
        entries = tomllib.loads(text)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error}); correct it.", project=str(folder)) from error
    project = Project(folder, text, {name: _as_text(value) for name, value in entries.items()}, profile)
    if wrong := next(_find_wrong(project), ""):
        raise ConfigurationError(wrong, project=str(folder))
    if profile and profile not in (known := project.entries.get("profiles", {})):
        there = f"there are {', '.join(known)}" if known else f"write [profiles.{profile}] there"
        raise ConfigurationError(f"{file} has no profile {profile!r}; {there}.", project=str(folder))
    return project


def _as_text(value: object) -> object:
    """A day of TOML as its text; the schema knows no days."""
    return value.isoformat() if isinstance(value, date) else value


def _find_wrong(project: Project) -> Iterator[str]:
    """A sentence for each entry that is not as the schema wants it."""
    # a tenth of a second of imports, needed only here
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for error in sorted(Draft202012Validator(schema).iter_errors(project.entries), key=lambda it: list(it.path)):
        path = [str(part) for part in error.absolute_path]
        yield f"{project.place(_blamed(error, path))}: {_say_wrong(error, path)}"


def _blamed(error: Any, path: list[str]) -> list[str]:  # jsonschema's own type
    return [*path, *_unknown(error)[:1]] if error.validator == "additionalProperties" else path


def _unknown(error: Any) -> list[str]:
    return [name for name in error.instance if name not in error.schema.get("properties", {})]


def _say_wrong(error: Any, path: list[str]) -> str:
    known = ", ".join(error.schema.get("properties", {}))
    if error.validator == "additionalProperties":
        return f"{_unknown(error)[0]} is not known here; there are {known}."
    if error.validator == "required":
        return f"{error.validator_value[0]} is missing; name the systems in use, as in [systems.myshop]."
    if error.validator == "minProperties":
        return "no system is named; name those in use, as in [systems.myshop]."
    wanted, example = error.schema.get("description", "another value"), error.schema.get("examples", [""])[0]
    if error.validator == "enum":
        return f"{path[-1]} is {error.instance!r}; write one of {', '.join(error.validator_value)}: {wanted}."
    return f"{path[-1]} is {error.instance!r}, which is not {wanted}; write it like {json.dumps(example)}."


def _line_of(text: str, path: Sequence[str]) -> int:
    """The line of an entry, or of the nearest thing around or in it; 1 where nothing of it is found."""
    table: list[str] = []
    best = (0, 1)
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.match(line)
        if header:
            table = [part.strip(" \"'") for part in header[1].split(".")]
        key = "" if header else line.partition("=")[0].strip(" \"'")
        here = [*table, key] if key and "=" in line else table
        length = min(len(here), len(path))
        if here[:length] == list(path[:length]) and length > best[0]:
            best = (length, number)
    return best[1]
