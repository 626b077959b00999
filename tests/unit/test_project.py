"""The project of a business: what its files say, which of two sayings holds, and how a wrong one is told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from concord import registry
from concord.cli.demo import choose_demo_systems
from concord.cli.main import app
from concord.errors import ConfigurationError, ContractError
from concord.project import read_project
from concord.settings import (
    REPOSITORY,
    chosen_systems,
    is_applied,
    read_calls_per_day,
    read_home,
    read_schedule,
    read_start,
)
from concord.stages.validate.expectations import find_suite

TEXT = """
name = "Acme"
start = 2025-03-01

[schedule]
time_zone = "Europe/Berlin"
read_at = "22:30"

[systems.shopify]
write_back = "plan"
calls_per_day = 5000

[systems.hubspot]  # the CRM
"""
TILL = """
from dataclasses import replace
from concord.systems.{copied} import SYSTEM
SYSTEM = replace(SYSTEM, name="{name}", title="Till")
"""


@pytest.fixture(autouse=True)
def only_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYSTEMS", "START", "TIME_ZONE", "READ_AT", "CALLS_PER_DAY", "HOME", "PROJECT"):
        monkeypatch.delenv(f"CONCORD_{name}", raising=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "concord.toml").write_text(TEXT)
    (tmp_path / "systems").mkdir()
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    registry._declared.cache_clear()
    yield tmp_path
    registry._declared.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "300", "CONCORD_PROJECT": ""})


def test_a_project_says_what_the_environment_leaves_open(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_systems() == {"shopify", "hubspot"}
    assert (read_schedule().zone.key, str(read_schedule().read_at)) == ("Europe/Berlin", "22:30:00")
    assert read_start() == datetime(2025, 2, 28, 23, tzinfo=UTC)
    assert read_calls_per_day() == {"shopify": 5000}
    assert read_home() == project / ".concord"
    assert (is_applied("shopify"), is_applied("hubspot"), is_applied("tryton")) == (False, True, True)
    monkeypatch.setenv("CONCORD_SYSTEMS", "tryton")
    monkeypatch.setenv("CONCORD_READ_AT", "01:00")
    monkeypatch.setenv("CONCORD_CALLS_PER_DAY", "shopify=7")
    assert chosen_systems() == {"tryton"}
    assert str(read_schedule().read_at) == "01:00:00"
    assert read_calls_per_day() == {"shopify": 7}


def test_a_demo_has_the_systems_of_the_project_unless_others_are_named(project: Path) -> None:
    assert choose_demo_systems("") == ("shopify", "hubspot")
    assert choose_demo_systems("tryton,stripe") == ("tryton", "stripe")


def test_a_project_is_found_in_the_current_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("CONCORD_PROJECT")
    monkeypatch.chdir(project)
    found = read_project()
    assert found is not None
    assert found.name == "Acme"
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert read_project() is None
    assert read_home() == REPOSITORY / ".concord"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("time_zone", "timezone", "line 6: timezone is not known here; there are time_zone, read_at"),
        ('"plan"', '"none"', "line 10: write_back is 'none'; write one of plan, apply"),
        ("5000", '"many"', "line 11: calls_per_day is 'many', which is not how many calls a day"),
        ('"22:30"', "2230", 'line 7: read_at is 2230, which is not an hour; write it like "00:30"'),
        ("name =", "names =", "line 2: names is not known here; there are name, start, schedule, systems"),
        ("2025-03-01", '"March"', "line 3: start is 'March', which is not the day from which on systems are read"),
        (
            "[systems.shopify]",
            "[systems.shopify",
            "cannot be read (Expected ']' at the end of a table declaration",
        ),
        ("[systems.hubspot]", "[systems.hubspot.more]", "line 13: more is not known here"),
    ],
)
def test_a_wrong_entry_is_told_with_its_line(project: Path, old: str, new: str, said: str) -> None:
    (project / "concord.toml").write_text(TEXT.replace(old, new))
    with pytest.raises(ConfigurationError) as error:
        read_project()
    assert str(project / "concord.toml") in error.value.message
    assert said in error.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("22:30", "25:30", "line 7: read_at is '25:30', which is not an hour"),
        ("Europe/Berlin", "Europe/Berln", "line 6: time_zone is 'Europe/Berln', which is not a time zone"),
    ],
)
def test_an_hour_or_zone_that_is_none_is_told_with_its_line(project: Path, old: str, new: str, said: str) -> None:
    (project / "concord.toml").write_text(TEXT.replace(old, new))
    with pytest.raises(ConfigurationError, match=said):
        read_start()


def test_a_named_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    told = run("--project", str(tmp_path), "validate")
    assert isinstance(told.exception, ConfigurationError)
    assert "./concord init" in told.exception.message


def test_a_system_of_the_project_is_one_like_any_other(project: Path) -> None:
    (project / "systems" / "till.py").write_text(TILL.format(copied="hubspot", name="till"))
    (project / "concord.toml").write_text(TEXT + "[systems.till]\n")
    assert [item.name for item in registry.systems()] == ["hubspot", "shopify", "till"]
    assert registry.system("till").title == "Till"


def test_a_system_of_the_project_goes_before_concords_of_its_name(project: Path) -> None:
    (project / "systems" / "hubspot.py").write_text(TILL.format(copied="hubspot", name="hubspot"))
    assert registry.system("hubspot").title == "Till"


EXTENSION = """
from concord.contract import Field, Kind, extend
EXTENSION = extend("{system}", {resource}=[Field("Credit_Limit__c", "{name}", Kind.DECIMAL)])
"""


def test_a_project_adds_fields_to_a_system(project: Path) -> None:
    text = EXTENSION.format(system="salesforce", resource="accounts", name="credit_limit")
    (project / "systems" / "custom.py").write_text(text)
    accounts = registry.system("salesforce").resource("accounts")
    assert (accounts.fields[-1].name, accounts.fields[-1].path) == ("credit_limit", "Credit_Limit__c")
    assert accounts.key == "source_id"
    assert "custom" not in [item.name for item in registry.declared_systems()]


@pytest.mark.parametrize(
    ("system", "resource", "name", "said"),
    [
        ("abacus", "accounts", "limit", "custom.py extends 'abacus', which is no declared system"),
        ("salesforce", "acounts", "limit", "has no resource 'acounts'; it has accounts"),
        ("salesforce", "accounts", "account_name", "declares account_name twice"),
    ],
)
def test_fields_that_cannot_be_added_are_told(
    project: Path, system: str, resource: str, name: str, said: str
) -> None:
    text = EXTENSION.format(system=system, resource=resource, name=name)
    (project / "systems" / "custom.py").write_text(text)
    with pytest.raises(ContractError) as error:
        registry.systems()
    assert said in error.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import no_such_module",
            "till.py cannot be imported (ModuleNotFoundError: No module named 'no_such_module')",
        ),
        ("SYSTEM = 3", "till.py declares no SYSTEM"),
    ],
)
def test_a_file_that_declares_no_system_is_told(project: Path, text: str, said: str) -> None:
    (project / "systems" / "till.py").write_text(text)
    with pytest.raises(Exception, match="till") as error:
        registry.systems()
    assert said in str(error.value)


def test_a_suite_of_the_project_goes_before_concords(project: Path) -> None:
    suites = REPOSITORY / "expectations"
    own = project / "expectations" / "shopify" / "orders.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    assert find_suite(suites, "shopify", "orders") == own
    assert find_suite(suites, "shopify", "products") == suites / "shopify" / "products.json"


def made(folder: Path) -> Path:
    """A new project of two systems."""
    options = ("--system", "shopify", "--system", "tryton", "--time-zone", "Europe/Berlin")
    told = run("--project", str(folder), "init", str(folder), *options)
    assert told.exit_code == 0, told.output
    return folder


def test_a_new_project_writes_nothing_and_nothing_is_wrong_with_it(tmp_path: Path) -> None:
    folder = made(tmp_path / "acme")
    told = run("--project", str(folder), "validate")
    assert (told.exit_code, told.output) == (0, "acme: nothing is wrong. In use are shopify, tryton.\n")
    found = read_project({"CONCORD_PROJECT": str(folder)})
    assert found is not None
    assert [use.is_applied for use in found.systems.values()] == [False, False]
    owners = (folder / "rules" / "field_ownership.csv").read_text()
    assert "customer,email,shopify,1" in owners
    assert "salesforce" not in owners
    again = run("--project", str(folder), "init", str(folder), "--system", "shopify")
    assert isinstance(again.exception, ConfigurationError)
    assert "exists already" in again.exception.message


@pytest.mark.parametrize(
    ("rule", "line", "said"),
    [
        ("field_ownership", "customer,email,shopfy,7", "there is no system 'shopfy' (did you mean shopify?)"),
        ("field_ownership", "customer,email,stripe,7", "stripe is not in use; take the row away, or name it"),
        (
            "field_ownership",
            "customer,nickname,shopify,7",
            "customer has no field 'nickname' here; its fields are city",
        ),
        (
            "field_ownership",
            "order,delivery_status,tryton,7",
            "tryton has no delivery_status of the entity order; it is held by",
        ),
        ("field_ownership", "customer,email,shopify,first", "the rank is 'first'; write a number like 1"),
        ("field_ownership", "customer,email,tryton,1", "customer, email, 1 stands in line"),
        ("flows", "customer,shopify,true,x", "no customer can be created in shopify; that is possible in"),
        ("flows", "customer,tryton,yes,x", "is_creation_wanted is 'yes'; write true or false"),
        ("tolerances", "product,weight,1,x", "product has no field 'weight' here; its fields are price"),
        ("tolerances", "product,price", "this row has not as many cells as the header"),
        ("approval_policy", "shopify,orders,update,1,1,,,,,,,", "shopify writes no 'orders'; it writes customers"),
        (
            "approval_policy",
            "shopify,customers,delete,1,1,,,,,,,",
            "the action is 'delete'; write update or create",
        ),
        (
            "approval_policy",
            "shopify,customers,update,few,1,,,,,,,",
            "max_changes is 'few'; write a number, or nothing",
        ),
        ("order_statuses", "tryton,lost,Lost", "'Lost' is none of our statuses of an order; there are Activated"),
        ("owners", "a,b", "there are no rules of this name"),
    ],
)
def test_a_wrong_rule_is_told_with_its_line(tmp_path: Path, rule: str, line: str, said: str) -> None:
    file = made(tmp_path / "acme") / "rules" / f"{rule}.csv"
    with file.open("a") as rows:
        rows.write(f"{line}\n")
    count = len(file.read_text().splitlines())
    told = run("--project", str(tmp_path / "acme"), "validate")
    assert told.exit_code == 1
    (complaint,) = [text for text in told.output.splitlines() if said in text]
    assert complaint.startswith(str(file))
    assert rule == "owners" or f"line {count}:" in complaint


@pytest.mark.parametrize("folder", sorted((REPOSITORY / "examples").iterdir()), ids=lambda path: path.name)
def test_nothing_is_wrong_with_an_example(folder: Path) -> None:
    told = run("--project", str(folder), "validate")
    assert (told.exit_code, told.output.splitlines()[1:]) == (0, [])


def test_one_system_alone_is_told(tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "acme"), "--system", "shopify").exit_code == 0
    told = run("--project", str(tmp_path / "acme"), "validate")
    assert told.exit_code == 1
    assert "line 14: one system has nothing to agree with" in told.output
