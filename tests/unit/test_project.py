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
    PRODUCT,
    chosen_systems,
    read_calls_per_day,
    read_home,
    read_schedule,
    read_start,
)
from concord.stages.validate.expectations import find_suite
from concord.system_uses import is_applied

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
    return CliRunner().invoke(
        app, list(arguments), env={"COLUMNS": "300", "CONCORD_PROJECT": "", "CONCORD_SYSTEMS": ""}
    )


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
    assert read_home() == PRODUCT / ".concord"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("time_zone", "timezone", "line 6: timezone is not known here; there are time_zone, read_at"),
        ('"plan"', '"none"', "line 10: write_back is 'none'; write one of plan, apply"),
        ("5000", '"many"', "line 11: calls_per_day is 'many', which is not how many calls a day"),
        ('"22:30"', "2230", 'line 7: read_at is 2230, which is not an hour; write it like "00:30"'),
        (
            "name =",
            "names =",
            "line 2: names is not known here; there are name, start, schedule, keep_nights, systems",
        ),
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
from concord.system_uses import is_applied
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
    suites = PRODUCT / "expectations"
    own = project / "expectations" / "shopify" / "orders.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    assert find_suite(suites, registry.system("shopify"), "orders") == own
    assert find_suite(suites, registry.system("shopify"), "products") == suites / "shopify" / "products.json"
