"""Another installed package brings a system, with its suite and models; what the project has goes before them."""

import importlib
import sys
from pathlib import Path

import pytest

from concord import registry
from concord.installed import PRODUCT
from concord.packages import suite_folders
from concord.settings import Settings
from concord.stages.reconcile.dbt_variables import describe_systems
from concord.stages.reconcile.root_project import dbt_folder
from concord.stages.reconcile.transform import check_models
from concord.stages.validate.expectations import find_suite

SUITES = PRODUCT / "expectations"
DECLARATION = """
from dataclasses import replace

from concord.systems.legacy_sql import SYSTEM as SHOP

SYSTEM = replace(SHOP, name="till", title="The till", connection="till_default", roles={"shop": 9})
"""
MODEL = """
with customers as (select * from {{ source('till', 'till__customers') }})
{{ shaped_as('customers', 'customers', columns={'record_key': '_key', 'email_as_written': 'email'}) }}
"""
DESIRED = "select _key as _entity_id, _key, '' as _reason from {{ ref('customers__till') }}"
PACKAGE = {
    "acme_till-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme-till\nVersion: 1.0\n",
    "acme_till-1.0.dist-info/entry_points.txt": "[concord.systems]\ntill = acme_till.declaration\n",
    "acme_till/__init__.py": "",
    "acme_till/declaration.py": DECLARATION,
    "acme_till/expectations/till/customers.json": "{}",
    "acme_till/expectations/shopify/orders.json": "{}",
    "acme_till/models/customers__till.sql": MODEL,
    "acme_till/models/deep/desired_till__customers.sql": DESIRED,
    "acme_till/models/customers.sql": "select this would break Concord",
}


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution that is installed into a folder on the path."""
    place = write(tmp_path / "site", PACKAGE)
    monkeypatch.syspath_prepend(str(place))
    importlib.invalidate_caches()
    for name in ("acme_till", "acme_till.declaration"):  # of the test before
        monkeypatch.delitem(sys.modules, name, raising=False)
    return place / "acme_till"


@pytest.fixture
def project(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A business that uses the package's system."""
    folder = write(tmp_path / "acme", {"concord.toml": "[systems.till]\n[systems.hubspot]\n"})
    monkeypatch.setenv("CONCORD_PROJECT", str(folder))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return folder


def test_its_suite_is_found_after_that_of_the_project_and_concords(project: Path, package: Path) -> None:
    till, theirs = registry.system("till"), package / "expectations/till/customers.json"
    assert suite_folders() == [package / "expectations"]
    assert find_suite(SUITES, till, "customers") == theirs
    assert find_suite(SUITES, registry.system("shopify"), "orders") == SUITES / "shopify/orders.json"
    assert find_suite(SUITES, till, "orders") == SUITES / "till/orders.json", "where there is none, as before"
    own = write(project, {"expectations/till/customers.json": "{}"}) / "expectations/till/customers.json"
    assert find_suite(SUITES, till, "customers") == own


def test_its_models_are_read_by_dbt_with_the_others(project: Path, package: Path, tmp_path: Path) -> None:
    settings = Settings("postgresql://nobody@127.0.0.1/nowhere", tmp_path / "home")
    check_models(settings, registry.systems())
    brought = {path.name: path.resolve() for path in (tmp_path / "home/dbt/business/packages").iterdir()}
    assert brought == {
        "customers__till.sql": package / "models/customers__till.sql",
        "desired_till__customers.sql": package / "models/deep/desired_till__customers.sql",
    }, "Concord's customers are its own"
    assert [item.name for item in registry.written_systems()] == ["hubspot", "till"]
    entities = describe_systems(registry.systems(), [tmp_path / "home/dbt/business/packages"])["entities"]
    assert entities == {"customers": ["till"]}


def test_a_model_of_the_project_goes_before_it(project: Path, tmp_path: Path) -> None:
    write(project, {"models/customers__till.sql": MODEL})
    settings = Settings("postgresql://nobody@127.0.0.1/nowhere", tmp_path / "home")
    folder = dbt_folder(settings, registry.systems())
    assert [path.name for path in (folder / "packages").iterdir()] == ["desired_till__customers.sql"]


def test_a_package_whose_system_is_not_in_use_brings_no_models(project: Path, tmp_path: Path) -> None:
    (project / "concord.toml").write_text("[systems.shopify]\n[systems.hubspot]\n")
    settings = Settings("postgresql://nobody@127.0.0.1/nowhere", tmp_path / "home")
    assert list((dbt_folder(settings, registry.systems()) / "packages").iterdir()) == []
    assert "till" in [item.name for item in registry.declared_systems()]
