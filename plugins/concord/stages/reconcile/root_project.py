"""Makes the dbt project of a business: its rules in place of Concord's, and its models beside Concord's.

It is dbt's own way: the business is the root project, and Concord a package of it. A rules file of the business is
a seed of the root, and Concord's seed of the same name is left out; every `ref` to it then means the business's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

from concord.errors import ConfigurationError
from concord.project import Project, read_project
from concord.settings import Settings

PACKAGE = "concord"
ROOT = "business"
RULES, MODELS = "rules", "models"


def dbt_folder(settings: Settings) -> Path:
    """The folder that dbt is run in: Concord's own project, or that of the business, made anew if it changed.

    Raises ConfigurationError for a rules file of which Concord has none.
    """
    project = read_project()
    if project is None or not (list_rules(project) or project.part(MODELS)):
        return settings.dbt_project
    folder = settings.home / "dbt" / ROOT
    (folder / "dbt_packages").mkdir(parents=True, exist_ok=True)
    (folder / "macros").mkdir(exist_ok=True)
    _link(folder / "dbt_packages" / PACKAGE, settings.dbt_project)
    schema_name = "macros/generate_schema_name.sql"
    _link(folder / schema_name, settings.dbt_project / schema_name)
    _link(folder / RULES, project.folder / RULES)
    _link(folder / MODELS, project.folder / MODELS)
    own = yaml.safe_load((settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    _write(folder / "profiles.yml", (settings.dbt_project / "profiles.yml").read_text(encoding="utf-8"))
    _write(folder / "packages.yml", json.dumps({"packages": [{"local": str(settings.dbt_project)}]}))
    _write(folder / "dbt_project.yml", json.dumps(_describe(project, own, settings.dbt_project)))
    return folder


def list_rules(project: Project) -> list[str]:
    """The names of the project's rules files, without `.csv`."""
    return sorted(path.stem for path in (project.folder / RULES).glob("*.csv"))


def _describe(project: Project, own: Mapping[str, Any], package: Path) -> dict[str, Any]:
    """The dbt_project.yml of a business; `own` is that of Concord."""
    replaced, known = list_rules(project), {path.stem for path in (package / "seeds").glob("*.csv")}
    if unknown := sorted(set(replaced) - known):
        raise ConfigurationError(
            f"{project.folder / RULES / unknown[0]}.csv is no rules file; there are {', '.join(sorted(known))}.",
            project=str(project.folder),
        )
    return {
        "name": ROOT,
        "version": "1.0.0",
        "config-version": 2,
        "profile": own["profile"],
        "model-paths": [MODELS],
        "seed-paths": [RULES],
        "macro-paths": ["macros"],
        "test-paths": [],
        "packages-install-path": "dbt_packages",
        # A rules file of the business goes before Concord's, whoever refers to it.
        "flags": {**own["flags"], "require_ref_prefers_node_package_to_root": False},
        "vars": own["vars"],
        "models": {ROOT: {"+schema": "marts", "+materialized": "table", "+tags": ["marts", "measure"]}},
        "seeds": {ROOT: own["seeds"][PACKAGE], PACKAGE: {name: {"+enabled": False} for name in replaced}},
    }


def _link(place: Path, target: Path) -> None:
    """Let a place lead to a target, wherever it led before; an empty place where there is no target."""
    if place.is_symlink() and place.readlink() == target:
        return
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _write(file: Path, text: str) -> None:
    """Write a file whose content changed; another leaves dbt's parse cache valid."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
