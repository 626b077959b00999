"""Says what is wrong with a project, each time with file, line, and what to write instead."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from concord import registry
from concord.contract import System
from concord.contract.resources import PART
from concord.errors import BatchError, ConfigurationError
from concord.packages import model_files
from concord.project import Project
from concord.rules import Row, RuleLine, list_own_rules, read_rules_file
from concord.settings import Settings, read_dbt_project, read_home, read_start
from concord.stages.reconcile.root_project import MODELS
from concord.stages.reconcile.transform import check_models

# What no two rows have in common.
UNIQUE = {
    "field_ownership": ("entity", "field", "ownership_rank"),
    "tolerances": ("entity", "field"),
    "removals": ("entity", "field"),
    "flows": ("entity", "system"),
    "order_statuses": ("system", "source_status"),
    "discrepancy_owners": ("entity",),
}
ANY = ("*", "")  # in the approval policy: all systems, resources, or actions
NOWHERE = "postgresql://nobody@127.0.0.1/nowhere"  # no database is asked
_YES_NO = ("true", "false")


def find_complaints(project: Project) -> list[str]:
    """All that is wrong, in the order in which it should be mended; empty where nothing is."""
    try:
        used = {item.name: item for item in registry.systems()}
        read_start()
    except ConfigurationError as error:
        return [error.message]
    found = [*_check_systems(project, used), *_check_profiles(project)]
    models = {path.stem for path in [*(project.folder / MODELS).rglob("*__*.sql"), *model_files(used)]}
    for rule, file in project.rules().items():
        found += _check_rules(rule, file, used, models)
    return found or list(_check_models(project))


def _check_systems(project: Project, used: Mapping[str, System]) -> Iterator[str]:
    if len(used) < 2:
        yield f"{project.place(['systems'])}: one system has nothing to agree with; name another one in use."
    written = {item.name for item in registry.written_systems()}
    known = sorted(registry.usual_roles())
    for name, use in project.systems.items():
        for role in [role for role in use.roles if role not in known]:
            place = project.place(["systems", name, "roles"])
            yield f"{place}: there is no role {role!r}{_meant(role, known)}; there are {', '.join(known)}."
        if "write_back" in project.entries["systems"][name] and use.is_applied and name not in written:
            yield (
                f"{project.place(['systems', name, 'write_back'])}: no model says what {name} should hold, so "
                f"nothing is written there; take the entry away, or add models/desired_{name}__RESOURCE.sql."
            )


def _check_profiles(project: Project) -> Iterator[str]:
    for profile, entries in project.entries.get("profiles", {}).items():
        for name in [name for name in entries.get("systems", {}) if name not in project.systems]:
            place = project.place(["profiles", profile, "systems", name])
            meant = _meant(name, list(project.systems))
            yield f"{place}: {name} is not in use{meant}; take the entry away, or name it as [systems.{name}]."


def _check_rules(rule: str, file: Path, used: Mapping[str, System], models: Container[str]) -> Iterator[str]:
    own = list_own_rules()
    if rule not in own:
        yield f"{file}: there are no rules of this name{_meant(rule, [*own])}; there are {', '.join(own)}."
        return
    try:
        table, known = read_rules_file(file), read_rules_file(own[rule])
    except ConfigurationError as error:
        yield error.message
        return
    yield from table.find_misshapen(known.columns)
    if table.columns != known.columns:
        return
    judge, lines = _Judge(used, known.rows, models), [line for line in table.lines if line.is_whole]
    for line in lines:
        if wrong := judge.find_wrong(rule, line.row):
            yield f"{line.place}: {wrong}"
    yield from _find_repeated(rule, lines)


def _meant(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says of a row what is wrong with it; `defaults` are Concord's own rows, which say what can be.

    `models` are the names of the business's own models. Which fields one of an entity gives, only dbt can tell.
    """

    used: Mapping[str, System]
    defaults: list[Row]
    models: Container[str] = frozenset()

    def find_wrong(self, rule: str, row: Row) -> str:
        """A sentence, empty where nothing is wrong."""
        rules: Mapping[str, Callable[[Row], str]] = {
            "field_ownership": self._owner,
            "tolerances": self._field,
            "removals": self._field,
            "flows": self._flow,
            "approval_policy": self._policy,
            "order_statuses": self._status,
        }
        is_for_all = rule == "approval_policy" and row["system"] in ANY
        return ("" if is_for_all else self._system(row)) or (rules[rule](row) if rule in rules else "")

    def _system(self, row: Row) -> str:
        declared = registry.declared_systems()
        known = [item.name for item in declared]
        roles = {role for item in declared for role in item.roles}
        for name in (row[column] for column in ("system", "left_system", "right_system") if column in row):
            if self._means(name):
                continue
            if name in roles:
                return (
                    f"no system in use plays the role {name}; take the row away, or give a system the role in "
                    f'concord.toml as roles = ["{name}"].'
                )
            if name in known:
                return f"{name} is not in use; take the row away, or name it in concord.toml as [systems.{name}]."
            there = f"in use are {', '.join(self.used)}, with the roles {', '.join(self._roles()) or 'none'}"
            return f"there is no system or role {name!r}{_meant(name, [*known, *roles])}; {there}."
        return ""

    def _means(self, name: str) -> list[str]:
        """The systems in use that a rule means by a name: a system's own, its vendor's, that of a role."""
        return [item.name for item in self.used.values() if name in item.rule_names]

    def _roles(self) -> list[str]:
        return sorted({role for item in self.used.values() for role in item.roles})

    def _field(self, row: Row) -> str:
        entity, field = row["entity"], row["field"]
        if any((each["entity"], each["field"]) == (entity, field) for each in self.defaults):
            return ""
        if self._adding(entity, field):
            return ""
        names = sorted({each["field"] for each in self.defaults if each["entity"] == entity})
        entities = sorted({each["entity"] for each in self.defaults})
        there = f"its fields are {', '.join(names)}" if names else f"there are {', '.join(entities)}"
        return f"{entity} has no field {field!r} here; {there}."

    def _owner(self, row: Row) -> str:
        same = [each for each in self.defaults if (each["entity"], each["field"]) == (row["entity"], row["field"])]
        holders = sorted({each["system"] for each in same})
        holding = {name for holder in holders for name in self._means(holder)}
        if not same:
            holders = self._adding(row["entity"], row["field"])
            if not holders:
                return self._field(row)
            holding = set(holders)
        meant = self._means(row["system"])
        is_shaped_here = bool(same) and any(f"{row['entity']}s__{name}" in self.models for name in meant)
        if row["system"] not in holders and not is_shaped_here and not holding.intersection(meant):
            held = f"it is held by {', '.join(holders)}"
            return f"{row['system']} has no {row['field']} of the entity {row['entity']}; {held}."
        rank = row["ownership_rank"]
        return "" if rank.isdigit() else f"the rank is {rank!r}; write a number like 1."

    def _adding(self, entity: str, field: str) -> list[str]:
        """The systems in use to which the business added a field of this name, at records of the entity."""
        return [
            item.name
            for item in self.used.values()
            for resource in item.resources
            if resource.entity.removesuffix(PART) == entity
            and any(each.name == field for each in resource.custom_fields)
        ]

    def _flow(self, row: Row) -> str:
        able = [
            item.name
            for item in self.used.values()
            if any(it.entity == row["entity"] and it.writes and it.writes.create for it in item.resources)
        ]
        if not set(able).intersection(self._means(row["system"])):
            possible = ", ".join(able) or "none"
            return f"no {row['entity']} can be created in {row['system']}; that is possible in {possible}."
        wrong = next((name for name, text in row.items() if name[:3] == "is_" and text not in _YES_NO), "")
        return f"{wrong} is {row[wrong]!r}; write true or false." if wrong else ""

    def _policy(self, row: Row) -> str:
        names = self.used if row["system"] in ANY else self._means(row["system"])
        systems = [self.used[name] for name in names]
        written = [item.name for system in systems for item in system.resources if item.writes]
        if row["resource"] not in (*ANY, *written):
            return f"{row['system']} writes no {row['resource']!r}; written are {', '.join(written) or 'none'}."
        if row["action"] not in (*ANY, "update", "create"):
            return f"the action is {row['action']!r}; write update or create, or * for both."
        limits = {name: text for name, text in row.items() if name.startswith(("max_", "negligible"))}
        wrong = next((name for name, text in limits.items() if not _is_number(text)), "")
        return f"{wrong} is {limits[wrong]!r}; write a number, or nothing." if wrong else ""

    def _status(self, row: Row) -> str:
        statuses = sorted({each["order_status"] for each in self.defaults})
        if row["order_status"] in statuses:
            return ""
        return f"{row['order_status']!r} is none of our statuses of an order; there are {', '.join(statuses)}."


def _is_number(text: str) -> bool:
    try:
        return float(text or 0) >= 0
    except ValueError:
        return False


def _find_repeated(rule: str, lines: list[RuleLine]) -> Iterator[str]:
    first: dict[tuple[str, ...], str] = {}
    for line in lines:
        key = tuple(str(line.row.get(column)) for column in UNIQUE.get(rule, ()))
        if key and key in first:
            earlier = first[key].rpartition(", ")[2]
            yield f"{line.place}: {', '.join(key)} stands in {earlier} already; keep one of them."
        first.setdefault(key, line.place)


def _check_models(project: Project) -> Iterator[str]:
    """What dbt says of the models and added fields of the business, which it can read without a database."""
    adds_fields = any(resource.custom_fields for item in registry.systems() for resource in item.resources)
    if not (project.folder / MODELS).is_dir() and not adds_fields:
        return
    try:
        check_models(Settings(NOWHERE, read_home(), read_dbt_project()), registry.systems())
    except BatchError as error:
        yield f"{project.folder}: {error.message}"
