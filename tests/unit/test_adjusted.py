"""What concord.toml says of an account: names of its fields, whole readings, samples, fields of one instance."""

from pathlib import Path

import pytest

from concord import registry
from concord.contract import ChangedBetween, Resource
from concord.errors import ConfigurationError, ContractError
from concord.stages.check.flows import wants_created
from concord.stages.extract.account import is_key
from concord.stages.extract.sample import first_records
from concord.system_uses import is_applied, read_limit

TEXT = """
[systems.salesforce]
limit = 100
[systems.salesforce.fields.accounts]
concord_id = "Acme_Ref__c"
[systems.salesforce.whole_every]
contacts = 7

[systems.netsuite]
[systems.shop_de]
vendor = "shopify"
[systems.shop_fr]
vendor = "shopify"

[profiles.test.systems.netsuite]
limit = 5
"""
FLOWS = """\ufeffentity,system,is_creation_wanted,is_for_buyers_only,is_for_first_only,note
customer,crm,FALSE,,,
customer,erp,true,,,
customer,netsuite,FALSE,,,
order,erp,true,,,
"""
ADDED = """
from concord.contract import Field, extend
EXTENSION = extend("shop_fr", customers=[Field("taxExempt", "tax_exempt")])
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "concord.toml").write_text(TEXT)
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "french_fields.py").write_text(ADDED)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.setenv("CONCORD_PROFILE", "")
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return tmp_path


def resource_of(system: str, name: str) -> Resource:
    return registry.system(system).resource(name)


@pytest.mark.usefixtures("project")
def test_a_field_lies_where_the_account_has_it() -> None:
    accounts, contacts = resource_of("salesforce", "accounts"), resource_of("salesforce", "contacts")
    assert accounts.field("concord_id").path == "Acme_Ref__c"
    assert contacts.field("concord_id").path == "Concord_Id__c"
    assert accounts.writes is not None
    assert accounts.writes.natural_key == ("concord_id",)


@pytest.mark.usefixtures("project")
def test_a_resource_is_read_whole_every_few_nights() -> None:
    changes = [resource_of("salesforce", name).changes for name in ("contacts", "accounts")]
    assert [each.whole_every for each in changes if isinstance(each, ChangedBetween)] == [7, 0]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            '[systems.tryton.fields.parties]\nconcrd = "x"',
            "tryton parties has no field 'concrd'; it has source_id",
        ),
        ('[systems.tryton.fields.people]\ncode = "x"', "has no resource 'people'; it has parties"),
        ("[systems.sap.whole_every]\nstock_levels = 3", "sap stock_levels is read as a whole every night already"),
    ],
)
def test_what_a_system_has_not_is_told_with_what_it_has(project: Path, entry: str, expected: str) -> None:
    (project / "concord.toml").write_text(TEXT + entry)
    with pytest.raises(ConfigurationError, match=expected):
        registry.systems()


@pytest.mark.usefixtures("project")
def test_a_sample_is_never_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (read_limit("salesforce"), is_applied("salesforce")) == (100, False)
    assert (read_limit("netsuite"), is_applied("netsuite")) == (None, True)
    monkeypatch.setenv("CONCORD_PROFILE", "test")
    assert (read_limit("netsuite"), is_applied("netsuite")) == (5, False)


def test_a_sample_ends_in_the_page_in_which_it_is_full() -> None:
    asked: list[int] = []

    def pages() -> object:
        for number in range(9):
            asked.append(number)
            yield [b"{}"] * 3

    assert [len(page) for page in first_records(pages(), 7)] == [3, 3, 1]  # type: ignore[arg-type]
    assert asked == [0, 1, 2]


@pytest.mark.usefixtures("project")
def test_a_field_may_be_added_to_one_of_two_shops() -> None:
    names = {
        name: [item.name for item in resource_of(name, "customers").fields] for name in ("shop_de", "shop_fr")
    }
    assert [name for name in names if "tax_exempt" in names[name]] == ["shop_fr"]


def test_an_extension_of_what_is_not_there_is_refused(project: Path) -> None:
    (project / "systems" / "more.py").write_text(ADDED.replace("shop_fr", "shop_it"))
    with pytest.raises(ContractError, match=r"more\.py extends 'shop_it', which is no declared system"):
        registry.systems()


@pytest.mark.usefixtures("project")
def test_without_its_natural_key_nothing_is_created_and_the_rest_is_written() -> None:
    accounts = resource_of("salesforce", "accounts")
    assert is_key(accounts, accounts.field("concord_id"))
    assert not is_key(accounts, accounts.field("street"))
    lacking = accounts.in_account({"concord_id": None})
    assert lacking.writes is not None
    assert lacking.writes.create == frozenset()
    assert "street" in lacking.writes.update
    assert lacking.natural_key == ()


def test_an_account_without_a_volatile_field_does_not_look_at_it() -> None:
    items = resource_of("netsuite", "items").in_account({"base_price": None})
    assert isinstance(items.changes, ChangedBetween)
    assert items.changes.volatile == frozenset()


def test_whether_records_are_created_is_said_by_the_row_that_is_closest(project: Path) -> None:
    sales, books = registry.system("salesforce"), registry.system("netsuite")
    asked = [(sales, "accounts"), (books, "customers"), (books, "sales_orders")]
    assert [wants_created(system, system.resource(name)) for system, name in asked] == [True, True, True]
    (project / "rules").mkdir()
    (project / "rules" / "flows.csv").write_text(FLOWS)
    assert [wants_created(system, system.resource(name)) for system, name in asked] == [False, False, True]
