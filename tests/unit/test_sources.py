"""The sources of a system that Concord has no models of are declared to dbt, unless the business declares them."""

import json
from dataclasses import replace
from pathlib import Path

from concord.installed import PRODUCT
from concord.registry import instance, system
from concord.stages.reconcile.sources import describe_sources

STAGING = PRODUCT / "dbt_project" / "models" / "staging"


def sources(models: Path, *names: str) -> dict[str, list[str]]:
    """What is declared for systems of these names, which have the resources of a system that Concord knows."""
    found = [replace(system("stripe"), name=name) for name in names]
    told = json.loads(describe_sources([*found, instance(system("stripe"), "stripe_fr")], STAGING, [models]))
    return {source["name"]: [table["name"] for table in source["tables"]] for source in told["sources"]}


def test_a_system_of_the_business_has_its_tables_and_one_of_concords_none(tmp_path: Path) -> None:
    found = sources(tmp_path, "till", "stripe")
    assert found == {"till": [f"till__{resource.name}" for resource in system("stripe").resources]}


def test_what_a_file_of_the_business_declares_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "_till.yml").write_text("sources:\n  - {name: till, tables: [{name: till__customers}]}\n")
    (tmp_path / "_broken.yml").write_text("sources: [")
    assert list(sources(tmp_path, "till", "desk")) == ["desk"]
