"""Staging has a model for every declared resource; desired models have only fields that may be written."""

from pathlib import Path

import pytest
import yaml

from concord.contract import Resource
from concord.installed import PRODUCT
from concord.registry import declared_systems, system

MODELS = PRODUCT / "dbt_project" / "models"
DESIRED = MODELS / "marts" / "desired"
RESOURCES = [f"{item.name}/{resource.name}" for item in declared_systems() for resource in item.resources]
WRITTEN = [
    f"{item.name}/{resource.name}"
    for item in declared_systems()
    for resource in item.resources
    if resource.writes is not None
]
OURS = {"_entity_id", "_key", "_reason"}


def declared(name: str) -> Resource:
    owner, resource = name.split("/")
    return system(owner).resource(resource)


def read_yaml(folder: Path, kind: str) -> list[dict[str, object]]:
    """The entries of one kind in all files of a folder."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in sorted(folder.glob("*.yml"))]
    return [entry for file in files for entry in file.get(kind, ())]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_is_a_source_and_has_a_staging_model(name: str) -> None:
    owner, _, resource = name.partition("/")
    folder = MODELS / "staging" / owner
    tables = {table["name"] for source in read_yaml(folder, "sources") for table in source["tables"]}
    assert f"{owner}__{resource}" in tables, f"name {owner}__{resource} among the sources in {folder}/_{owner}.yml"
    model = folder / f"stg_{owner}__{resource}.sql"
    assert model.exists(), f"{model} is missing; it cleans what source('{owner}', '{owner}__{resource}') holds"


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_resource_should_say_can_be_written(name: str) -> None:
    title, folder = f"desired_{name.replace('/', '__')}", DESIRED / name.partition("/")[0]
    assert (folder / f"{title}.sql").exists(), f"{title}.sql is missing, so nothing is ever written to {name}"
    models = {entry["name"]: entry for entry in read_yaml(folder, "models")}
    assert title in models, f"no YAML beside {title}.sql gives its columns with their types"
    columns = {column["name"] for column in models[title]["columns"]}
    writes = declared(name).writes
    assert columns >= OURS
    assert columns > OURS, f"{title} says nothing of any field"
    odd = ", ".join(sorted(columns - OURS - writes.update - writes.create))
    assert not odd, f"{title} speaks of {odd}, which its resource may not write"


def test_every_desired_model_is_of_a_resource_that_may_be_written() -> None:
    found = {f"{path.parent.name}/{path.stem}" for path in DESIRED.rglob("*.sql")}
    assert len(found) > 20
    assert found == {f"{name.partition('/')[0]}/desired_{name.replace('/', '__')}" for name in WRITTEN}
