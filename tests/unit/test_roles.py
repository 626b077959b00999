"""A business says which systems play which roles, and may have several of one vendor."""

from pathlib import Path

import pytest
import yaml

from concord import registry
from concord.errors import ConfigurationError
from concord.installed import PRODUCT
from concord.settings import Settings
from concord.stages.reconcile.dbt_variables import describe_systems, rank_systems
from concord.stages.reconcile.root_project import dbt_folder
from concord.stages.write_back.policy_rows import PolicyRow

ENTITIES = PRODUCT / "dbt_project" / "models" / "entities"
TWO_SHOPS = '[systems.fr]\nvendor = "shopify"\n[systems.de]\nvendor = "shopify"\n[systems.tryton]\n'


@pytest.fixture
def business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two shops of one vendor and an ERP."""
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    (tmp_path / "concord.toml").write_text(TWO_SHOPS)
    return tmp_path


def settings(home: Path) -> Settings:
    return Settings(warehouse_url="postgresql://nobody@127.0.0.1/nowhere", home=home)


def names(*chosen: str, role: str = "") -> list[str]:
    return [item.name for item in rank_systems([registry.system(name) for name in chosen], role)]


def test_the_declarations_rank_the_systems_of_a_role() -> None:
    assert names("netsuite", "sap", "tryton", role="erp") == ["tryton", "sap", "netsuite"]
    assert names("netsuite", "hubspot", "salesforce", role="crm") == ["salesforce", "hubspot"]
    assert names("shopify", role="crm") == []


def test_a_project_ranks_by_its_order_and_gives_roles(business: Path) -> None:
    (business / "concord.toml").write_text(
        '[systems.hubspot]\n[systems.salesforce]\n[systems.tryton]\nroles = ["crm", "erp"]\n'
    )
    used = registry.systems()
    assert [item.name for item in rank_systems(used, "crm")] == ["hubspot", "salesforce", "tryton"]
    assert [item.name for item in rank_systems(used, "erp")] == ["tryton"]


def test_two_systems_of_one_vendor_are_two_systems(business: Path) -> None:
    french, vendor = registry.system("fr"), registry.system("shopify")
    assert (french.vendor, french.connection, french.title) == ("shopify", "fr_default", "Shopify web shop (fr)")
    assert french.resources == vendor.resources
    assert {item.name for item in registry.written_systems()} == {"de", "fr", "tryton"}


def test_an_instance_of_nothing_is_refused(business: Path) -> None:
    (business / "concord.toml").write_text('[systems.fr]\nvendor = "shopfy"\n[systems.tryton]\n')
    with pytest.raises(ConfigurationError, match="fr is said to be one of shopfy, which is not declared"):
        registry.systems()


def test_dbt_is_told_of_the_systems_in_use_alone() -> None:
    used = [registry.system(name) for name in ("tryton", "salesforce", "netsuite")]
    told = describe_systems(used, [ENTITIES])
    assert told["systems"] == [
        {"name": "netsuite", "vendor": "netsuite", "roles": {"erp": 2, "books": 1}},
        {"name": "salesforce", "vendor": "salesforce", "roles": {"crm": 1}},
        {"name": "tryton", "vendor": "tryton", "roles": {"erp": 1}},
    ]
    assert told["entities"]["customers"] == ["netsuite", "salesforce", "tryton"]
    assert told["entities"]["invoices"] == ["netsuite"]
    assert "payments" not in told["entities"]
    sales = {"system": "tryton", "resource": "sales", "entity": "order"}
    assert {**sales, "creates": True, "has_lines": True, "needs_address": True} in told["resources"]


def test_models_of_a_vendor_that_is_not_in_use_are_left_out(tmp_path: Path) -> None:
    used = [registry.system(name) for name in ("shopify", "tryton")]
    folder = dbt_folder(settings(tmp_path), used)
    models = yaml.safe_load((folder / "dbt_project.yml").read_text())["models"]["concord"]
    assert models["staging"]["sap"] == models["entities"]["sap"] == {"+enabled": False}
    assert models["marts"]["desired"]["salesforce"] == {"+enabled": False}
    assert "shopify" not in models["staging"]
    assert "concord" not in models["staging"]


def test_an_instance_has_its_vendors_models_under_its_own_name(business: Path) -> None:
    folder = dbt_folder(settings(business / ".concord"), registry.systems())
    text = (folder / "instances/entities/fr/customers__fr.sql").read_text()
    assert "ref('stg_fr__customers')" in text
    staged = folder / "instances/staging/fr"
    assert "source('fr', 'fr__customers')" in (staged / "stg_fr__customers.sql").read_text()
    described = yaml.safe_load((staged / "_fr.yml").read_text())
    assert described["sources"][0]["name"] == "fr"
    assert (folder / "instances/marts/desired/fr/desired_fr__customers.sql").exists()
    assert not list(folder.glob("instances/**/*shopify*"))
    assert "unit_tests" not in (folder / "instances/marts/desired/fr/_fr.yml").read_text()


def test_an_instance_of_a_system_of_the_business_has_the_models_of_the_business(business: Path) -> None:
    (business / "models").mkdir()
    own = "select * from {{ source('shopify', 'shopify__orders') }}"
    (business / "models/returns__shopify.sql").write_text(own)
    (business / "models/returned.sql").write_text("select * from {{ ref('returns__shopify') }}")
    described = {"models": [{"name": "returns__shopify"}, {"name": "returned"}], "unit_tests": [{"name": "a"}]}
    (business / "models/_shopify.yml").write_text(yaml.safe_dump(described))
    folder = dbt_folder(settings(business / ".concord"), registry.systems())
    copied = folder / "instances/returns__fr.sql"
    assert copied.read_text() == own.replace("shopify", "fr")
    assert yaml.safe_load((folder / "instances/_fr.yml").read_text()) == {"models": [{"name": "returns__fr"}]}
    assert not (folder / "instances/returned.sql").exists()


def test_an_instance_that_is_no_longer_used_leaves_no_model(business: Path) -> None:
    dbt_folder(settings(business / ".concord"), registry.systems())
    (business / "concord.toml").write_text(TWO_SHOPS.replace("[systems.fr]", "[systems.at]"))
    folder = dbt_folder(settings(business / ".concord"), registry.systems())
    assert not list(folder.glob("instances/**/*__fr.sql"))
    assert list(folder.glob("instances/**/*__at.sql"))


def test_a_carrier_is_asked_for_what_the_systems_in_use_offer(business: Path) -> None:
    (business / "concord.toml").write_text(TWO_SHOPS + "[systems.fedex]\n")
    tracking, references = (item.changes for item in registry.system("fedex").resources)
    for table in ("validated.fr__orders", "validated.de__orders"):
        assert table in str(tracking)
        assert table in str(references)
    assert "validated.tryton__sales" in str(references)
    assert "shopify" not in str(references)
    assert "{" not in str(references).replace("needs={}", "")


def test_a_rule_of_the_policy_may_mean_a_system_its_vendor_or_its_role(business: Path) -> None:
    meant = registry.system("fr").rule_names
    assert meant == ["fr", "shopify", "shop"]
    rows = [PolicyRow({"system": name, "max_changes": 1}, meant) for name in ("*", "shop", "fr", "shopify")]
    ordered = sorted(rows, key=lambda row: row.weight, reverse=True)
    assert [row.named("system") for row in ordered] == ["fr", "shopify", "shop", "*"]
