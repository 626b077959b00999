"""Makes the dbt project of a business: its rules in place of Concord's, and its models beside Concord's.

It is dbt's own way: the business is the root project, and Concord a package of it. A rules file of the business is
a seed of the root, and Concord's seed of the same name is left out; every `ref` to it then means the business's.
Of Concord's models those of systems that are not in use are left out, too. Without a project of a business the
root has no rules and models of its own.
"""

import json
import shutil
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

from concord.contract import System
from concord.errors import ConfigurationError
from concord.packages import model_files
from concord.project import Project, read_project
from concord.rules import list_own_rules
from concord.settings import Settings
from concord.stages.reconcile import sources
from concord.stages.reconcile.dbt_variables import ENTITIES, describe_systems
from concord.stages.reconcile.instances import write_instances

PACKAGE = "concord"
ROOT = "business"
RULES, MODELS, INSTANCES, SOURCES, PACKAGES = "rules", "models", "instances", "sources", "packages"
# Where Concord has a folder of models for each vendor.
VENDOR_FOLDERS = (("staging",), (ENTITIES,), ("intermediate", "vendors"), ("marts", "desired"))


def dbt_folder(settings: Settings, systems: Sequence[System]) -> Path:
    """The folder that dbt is run in: the root project of a business with these systems, made anew if it changed.

    Raises ConfigurationError for a rules file of which Concord has none.
    """
    project = read_project()
    if project is not None:
        _refuse_unknown_rules(project)
    folder = settings.home / "dbt" / ROOT
    for part in ("dbt_packages", RULES, SOURCES, PACKAGES, *(() if project else (MODELS,))):
        _make_folder(folder / part)
    _link(folder / "dbt_packages" / PACKAGE, settings.dbt_project)
    # The models of the business and of instances call Concord's macros by their own names.
    _link(folder / "macros", settings.dbt_project / "macros")
    if project is not None:
        _link(folder / MODELS, project.folder / MODELS)
    rules = project.rules() if project else {}
    _link_files(folder / RULES, {f"{rule}.csv": file for rule, file in rules.items()})
    own = project.folder / MODELS if project else None
    write_instances(folder / INSTANCES, systems, settings.dbt_project / "models", VENDOR_FOLDERS, own=own)
    _link_files(folder / PACKAGES, _find_brought(settings, systems, project))
    staging = settings.dbt_project / "models" / "staging"
    found = sources.describe_sources(systems, staging, (folder / MODELS, folder / PACKAGES))
    _write(folder / SOURCES / sources.FILE, found)
    variables = describe_systems(systems, _model_folders(folder, settings.dbt_project))
    unused = _leave_out_unused(settings.dbt_project, {item.name for item in systems})
    ours = yaml.safe_load((settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    _write(folder / "profiles.yml", (settings.dbt_project / "profiles.yml").read_text(encoding="utf-8"))
    _write(folder / "packages.yml", json.dumps({"packages": [{"local": str(settings.dbt_project)}]}))
    described = _describe(project, ours, variables, unused, package=settings.dbt_project)
    _write(folder / "dbt_project.yml", json.dumps(described))
    return folder


def _link_files(folder: Path, files: Mapping[str, Path]) -> None:
    """Let a folder hold these files under these names, and no other file."""
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()
    for name, file in files.items():
        _link(folder / name, file)


def _find_brought(settings: Settings, systems: Sequence[System], project: Project | None) -> dict[str, Path]:
    """The models of other packages, by file name; what the business or Concord calls the same goes before them."""
    folders = [settings.dbt_project / MODELS, *([project.folder / MODELS] if project else [])]
    known = {path.name for folder in folders for path in folder.rglob("*.sql")}
    files = model_files({item.name for item in systems})
    return {path.name: path for path in reversed(files) if path.name not in known}


def _refuse_unknown_rules(project: Project) -> None:
    known = list_own_rules()
    if unknown := sorted(project.rules().keys() - known):
        raise ConfigurationError(
            f"{project.rules()[unknown[0]]} is no rules file; there are {', '.join(sorted(known))}.",
            project=str(project.folder),
        )


def _model_folders(root: Path, package: Path) -> list[Path]:
    """The folders in which models of entities may be: Concord's, of instances, of the business, of packages."""
    return [package / "models" / ENTITIES, root / INSTANCES, root / MODELS, root / PACKAGES]


def _describe(
    project: Project | None,
    own: Mapping[str, Any],
    variables: Mapping[str, Any],
    models: Mapping[str, Any],
    *,
    package: Path,
) -> dict[str, Any]:
    """The dbt_project.yml of a business; `own` is that of Concord, `models` what is said of Concord's models."""
    replaced = sorted(project.rules()) if project else []
    return {
        "name": ROOT,
        "version": "1.0.0",
        "config-version": 2,
        "profile": own["profile"],
        "model-paths": [MODELS, INSTANCES, SOURCES, PACKAGES],
        "seed-paths": [RULES],
        "macro-paths": ["macros"],
        "test-paths": [],
        "packages-install-path": "dbt_packages",
        # A rules file of the business goes before Concord's, whoever refers to it.
        "flags": {**own["flags"], "require_ref_prefers_node_package_to_root": False},
        "vars": {**own["vars"], **variables},
        "models": {
            # An instance's models are built as those of its vendor in Concord.
            ROOT: {
                "+schema": "marts",
                "+materialized": "table",
                "+tags": ["marts", "measure"],
                **own["models"][PACKAGE],
                **(_describe_own(project.folder / MODELS, package) if project else {}),
            },
            PACKAGE: models,
        },
        "seeds": {ROOT: own["seeds"][PACKAGE], PACKAGE: {name: {"+enabled": False} for name in replaced}},
    }


def _describe_own(models: Path, package: Path) -> dict[str, Any]:
    """How a business's models of entities and desired models are built unless they say otherwise: as Concord's."""
    entities = {path.stem.partition("__")[0] for path in package.joinpath("models", ENTITIES).rglob("*.sql")}
    choice: dict[str, Any] = {}
    for path in sorted(models.rglob("*.sql")):
        if path.stem.startswith("desired_"):
            told: dict[str, Any] = {"+meta": {"touched": "desired"}}
        elif path.stem.partition("__")[0] in entities:
            told = {"+schema": "intermediate", "+materialized": "view", "+tags": ["prepare"]}
        else:
            continue
        for part in reversed(path.relative_to(models).with_suffix("").parts):
            told = {part: told}
        _merge(choice, told)
    return choice


def _leave_out_unused(package: Path, used: Container[str]) -> dict[str, Any]:
    """The models of vendors that are not in use; a vendor's models are in the folders of its name."""
    choice: dict[str, Any] = {}
    for place in VENDOR_FOLDERS:
        names = [path.name for path in sorted(package.joinpath("models", *place).iterdir()) if path.is_dir()]
        unused = {name: {"+enabled": False} for name in names if name != PACKAGE and name not in used}
        inner: dict[str, Any] = unused
        for part in reversed(place):
            inner = {part: inner}
        _merge(choice, inner)
    return choice


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _make_folder(place: Path) -> None:
    """An empty folder, also where a link to another business's stood before."""
    if place.is_symlink():
        place.unlink()
    place.mkdir(parents=True, exist_ok=True)


def _link(place: Path, target: Path) -> None:
    """Let a place lead to a target, wherever it led before; an empty place where there is no target."""
    if place.is_symlink() and place.readlink() == target:
        return
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _write(file: Path, text: str) -> None:
    """Write a file whose content changed; another leaves dbt's parse cache valid."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
