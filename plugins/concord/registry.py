"""Finds the systems: each module or folder of `concord.systems` declares one, and no list of them is kept.

A business adds systems of its own in `systems/` of its project, and fields of its own to others' systems; other
packages add systems by entry points (`packages.py`). Of two systems of one name the project's goes first,
then Concord's.

An installation uses some of them: its Dags, pools, tables, models and pages are about those. A business that has
two systems of one vendor names each in concord.toml: an instance is the vendor's declaration under another name.
"""

import pkgutil
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from concord import systems as folder
from concord.contract import Extension, Resource, System, Worklist
from concord.contract.adjusted import read_whole, with_paths
from concord.errors import ConfigurationError, ContractError
from concord.packages import model_files, system_entries
from concord.project import SystemUse, find_folder, read_project
from concord.settings import chosen_systems, read_dbt_project, systems_source

TRANSFORM_POOL = "dbt"  # dbt works on one state of the warehouse at a time


def declared_systems() -> tuple[System, ...]:
    """All declared systems, by name.

    Raises `ContractError` for two of one name in one place and for a module that declares none, and
    `ConfigurationError` for a file of the project that cannot be imported.
    """
    project = read_project()
    chosen = chosen_systems()
    if project is None:
        return _with_worklists(None, (), chosen)
    uses = tuple(project.systems.items())
    return _with_worklists(project.folder / "systems", uses, chosen)


Use = tuple[str, SystemUse]
"""The name of a system in use, and how it is used."""


@cache
def _with_worklists(own: Path | None, uses: tuple[Use, ...], chosen: frozenset[str] | None) -> tuple[System, ...]:
    """The systems with worklists over what those that are in use offer."""
    found = _as_used(own, uses)
    offers: dict[str, list[str]] = {}
    for item in found:
        for resource in item.resources if chosen is None or item.name in chosen else ():
            for name, query in resource.offers.items():
                table = f"validated.{item.name}__{resource.name}"
                offers.setdefault(name, []).append(query.replace("{table}", table))
    return tuple(
        replace(item, resources=tuple(_over(resource, offers) for resource in item.resources)) for item in found
    )


def _over(resource: Resource, offers: Mapping[str, Sequence[str]]) -> Resource:
    if not isinstance(resource.changes, Worklist):
        return resource
    return replace(resource, changes=resource.changes.over(offers))


@cache
def _as_used(own: Path | None, uses: tuple[Use, ...]) -> tuple[System, ...]:
    """The declared systems with the instances, roles and connections of a project."""
    named = {item.name: item for item in _declared(own)}
    extensions = list(_extensions_in(_modules_of_project(own)))
    _extend(named, [pair for pair in extensions if pair[0].system in named])
    rest = [pair for pair in extensions if pair[0].system not in named]
    for name, use in uses:
        if use.vendor and use.vendor != name:
            if use.vendor not in named:
                raise ConfigurationError(
                    f"{name} is said to be one of {use.vendor}, which is not declared; there are "
                    f"{', '.join(named)}."
                )
            named[name] = instance(named[use.vendor], name)
        if use.roles and name in named:
            named[name] = replace(named[name], roles=dict.fromkeys(use.roles, 1))
        if use.connection and name in named:
            named[name] = replace(named[name], connection=use.connection)
    _extend(named, rest)  # of instances
    for name, use in uses:
        if name in named:
            named[name] = _adjusted(named[name], use)
    return tuple(named[name] for name in sorted(named))


def _extend(named: dict[str, System], extensions: Sequence[tuple[Extension, str]]) -> None:
    for extension, where in extensions:
        if extension.system not in named:
            raise ContractError(f"{where} extends {extension.system!r}, which is no declared system.")
        named[extension.system] = extension.apply(named[extension.system])


def _adjusted(declared: System, use: SystemUse) -> System:
    """The system with what concord.toml says of its account; ConfigurationError for what it has not."""
    try:
        return read_whole(with_paths(declared, use.fields), use.whole_every)
    except ContractError as error:
        raise ConfigurationError(f"[systems.{declared.name}] in concord.toml: {error.message}") from error


@cache
def _declared(own: Path | None) -> tuple[System, ...]:
    modules = _modules_of_project(own)
    found: dict[str, System] = {}
    for place in (_of_project(modules), _of_concord(), _of_packages()):
        here: dict[str, System] = {}
        for declared, where in place:
            declared.check_links()
            if declared.name in here:
                raise ContractError(
                    f"Two modules declare a system named {declared.name!r}; give that of {where} another name."
                )
            here[declared.name] = declared
        found = {**here, **found}
    return tuple(found[name] for name in sorted(found))


def own_systems() -> tuple[System, ...]:
    """The systems that the project itself declares, by name; none where there is no project."""
    folder_of_project = find_folder()
    own = folder_of_project / "systems" if folder_of_project else None
    names = {declared.name for declared, _ in _of_project(_modules_of_project(own))}
    return tuple(item for item in declared_systems() if item.name in names)


def usual_roles() -> frozenset[str]:
    """The roles that any declaration names."""
    project = find_folder()
    declared = _declared(project / "systems" if project else None)
    return frozenset(role for item in declared for role in item.roles)


def instance(declared: System, name: str) -> System:
    """A further system of a vendor: all but its name and its connection is that of the declared one."""
    if name == declared.name:
        return declared
    return replace(
        declared,
        name=name,
        vendor=declared.vendor or declared.name,
        title=f"{declared.title} ({name})",
        connection=f"{name}_default",
    )


def _of_concord() -> Iterator[tuple[System, str]]:
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        where = f"systems/{name}.py"
        yield _system_in(import_module(f"{folder.__name__}.{name}"), where), where


@cache
def _modules_of_project(own: Path | None) -> tuple[tuple[object, str], ...]:
    """The files and packages in a project's folder `systems`, each loaded once."""
    return tuple(_load_modules(own))


def _load_modules(own: Path | None) -> Iterator[tuple[object, str]]:
    for path in sorted(own.glob("[!_.]*")) if own is not None else ():
        file = path / "__init__.py" if path.is_dir() else path
        if file.suffix == ".py" and file.exists():
            yield _load(f"concord_project_{path.stem}", file), str(path)


def _of_project(modules: Sequence[tuple[object, str]]) -> Iterator[tuple[System, str]]:
    for module, where in modules:
        if not list(_extensions_in([(module, where)])) or hasattr(module, "SYSTEM"):
            yield _system_in(module, where), where


def _extensions_in(modules: Sequence[tuple[object, str]]) -> Iterator[tuple[Extension, str]]:
    for module, where in modules:
        declared = getattr(module, "EXTENSION", None)
        if isinstance(declared, Extension):
            yield declared, where


def _load(name: str, file: Path) -> object:
    """The module of a file that lies in no package; its folder is one of its own."""
    inside = [str(file.parent)] if file.name == "__init__.py" else None
    spec = spec_from_file_location(name, file, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{file} cannot be read as Python; correct it or take it away.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever its author made of it
        sys.modules.pop(name, None)
        what = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{file} cannot be imported ({what}); correct it.") from error
    return module


def _of_packages() -> Iterator[tuple[System, str]]:
    for entry in system_entries():
        found = entry.load()
        yield found if isinstance(found, System) else _system_in(found, entry.value), entry.value


def _system_in(module: object, where: str) -> System:
    declared = getattr(module, "SYSTEM", None)
    if not isinstance(declared, System):
        raise ContractError(f"{where} declares no SYSTEM; end the file with SYSTEM = System(...).")
    return declared


def systems() -> tuple[System, ...]:
    """The systems in use: those that CONCORD_SYSTEMS or the project names; all declared ones without both."""
    chosen = chosen_systems()
    known = [declared.name for declared in declared_systems()]
    if chosen is not None and not chosen <= set(known):
        raise ConfigurationError(
            f"{systems_source()} names {', '.join(sorted(chosen - set(known)))}, which no file of "
            f"systems/ declares; there are {', '.join(known)}.",
            variable="CONCORD_SYSTEMS",
        )
    return tuple(declared for declared in declared_systems() if chosen is None or declared.name in chosen)


def written_systems() -> tuple[System, ...]:
    """The systems in use that are written back to: those with a model of what a resource should hold."""
    project = find_folder()
    models = {path.stem for path in (read_dbt_project() / "models" / "marts" / "desired").glob("*/*.sql")}
    models |= {path.stem for path in (project / "models").rglob("*.sql")} if project else set()
    models |= {path.stem for path in model_files({item.name for item in systems()})}
    return tuple(item for item in systems() if any(_is_written(item, it, models) for it in item.resources))


def _is_written(declared: System, resource: Resource, models: Container[str]) -> bool:
    """Whether a model says what the records of a resource should hold; an instance has those of its vendor."""
    names = (f"desired_{name}__{resource.name}" for name in {declared.name, declared.vendor or declared.name})
    return resource.writes is not None and any(name in models for name in names)


def system(name: str) -> System:
    """The declared system of that name; `ContractError` when there is none."""
    for declared in declared_systems():
        if declared.name == name:
            return declared
    known = ", ".join(declared.name for declared in declared_systems())
    raise ContractError(f"There is no system {name!r}; there are {known}.")


def pool_slots() -> dict[str, int]:
    """The pools that must exist before a Dag runs, with their slots: one per system, and one for dbt."""
    return {**{declared.name: declared.rate_limit.concurrency for declared in systems()}, TRANSFORM_POOL: 1}
