"""A new project is made and checked: nothing is wrong with it, and what goes wrong later is told with its line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from concord.cli.main import app
from concord.errors import ConfigurationError
from concord.installed import PRODUCT
from concord.project import read_project

EXAMPLES = sorted(file.parent for file in (PRODUCT / "examples").glob("*/concord.toml"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        app, list(arguments), env={"COLUMNS": "300", "CONCORD_PROJECT": "", "CONCORD_SYSTEMS": ""}
    )


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
    assert "customer,email,shop,1" in owners
    assert "crm" not in owners
    again = run("--project", str(folder), "init", str(folder), "--system", "shopify")
    assert isinstance(again.exception, ConfigurationError)
    assert "exists already" in again.exception.message


@pytest.mark.parametrize(
    ("rule", "line", "said"),
    [
        (
            "field_ownership",
            "customer,email,shopfy,7",
            "there is no system or role 'shopfy' (did you mean shopify?)",
        ),
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
        ("field_ownership", "customer,email,crm,7", "no system in use plays the role crm; take the row away"),
        (
            "field_ownership",
            "customer,first_name,erp,7",
            "erp has no first_name of the entity customer; it is held",
        ),
        ("flows", "customer,shop,true,false,false,x", "no customer can be created in shop; that is possible in"),
        ("flows", "order,tryton,yes,false,false,x", "is_creation_wanted is 'yes'; write true or false"),
        ("tolerances", "product,weight,1,x", "product has no field 'weight' here; its fields are price"),
        ("tolerances", "product,price", "this row has not as many cells as the header"),
        (
            "approval_policy",
            "shopify,orders,update,1,1,,,,,,,",
            "shopify writes no 'orders'; written are customers",
        ),
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
        (
            "order_statuses",
            "tryton,lost,Lost,false",
            "'Lost' is none of our statuses of an order; there are Activated",
        ),
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


def test_a_row_of_the_policy_may_be_about_all(tmp_path: Path) -> None:
    with (made(tmp_path / "acme") / "rules" / "approval_policy.csv").open("a") as rows:
        rows.write("*,*,*,100,10,,,,,,,\n,,create,5,1,,,,,,,\n")
    told = run("--project", str(tmp_path / "acme"), "validate")
    assert (told.exit_code, told.output) == (0, "acme: nothing is wrong. In use are shopify, tryton.\n")


@pytest.mark.parametrize("folder", EXAMPLES or [Path("none")], ids=lambda path: path.name)
def test_nothing_is_wrong_with_an_example(folder: Path) -> None:
    told = run("--project", str(folder), "validate")
    assert (told.exit_code, told.output.splitlines()[1:]) == (0, [])


def test_one_system_alone_is_told(tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "acme"), "--system", "shopify").exit_code == 0
    told = run("--project", str(tmp_path / "acme"), "validate")
    assert told.exit_code == 1
    assert "line 15: one system has nothing to agree with" in told.output


def test_a_project_is_made_of_the_systems_of_each_role(tmp_path: Path) -> None:
    options = ("--shop", "de=shopify", "--shop", "fr=shopify", "--crm", "hubspot", "--erp", "netsuite")
    told = run("init", str(tmp_path / "acme"), *options)
    assert told.exit_code == 0, told.output
    project = read_project({"CONCORD_PROJECT": str(tmp_path / "acme")})
    assert project is not None
    uses = {name: (use.vendor, use.roles) for name, use in project.systems.items()}
    assert uses == {
        "de": ("shopify", ("shop",)),
        "fr": ("shopify", ("shop",)),
        "hubspot": ("", ("crm",)),
        "netsuite": ("", ("erp",)),
    }
    owners = (tmp_path / "acme" / "rules" / "field_ownership.csv").read_text()
    assert "customer,phone,crm,1" in owners
    assert "payments" not in owners
    checked = run("--project", str(tmp_path / "acme"), "validate")
    assert (checked.exit_code, checked.output) == (
        0,
        "acme: nothing is wrong. In use are de, fr, hubspot, netsuite.\n",
    )


def test_a_role_that_does_not_exist_is_told(tmp_path: Path) -> None:
    file = made(tmp_path / "acme") / "concord.toml"
    file.write_text(file.read_text().replace('roles = ["erp"]', 'roles = ["epr"]'))
    told = run("--project", str(tmp_path / "acme"), "validate")
    assert told.exit_code == 1
    assert f"{file}, line 20: there is no role 'epr' (did you mean erp?); there are books, carrier" in told.output


ADDED = """
from concord.contract import Field, extend
EXTENSION = extend("shopify", customers=[Field("taxExempt", "{}")])
"""


def test_an_added_field_may_be_owned_by_the_systems_that_have_it(tmp_path: Path) -> None:
    folder = made(tmp_path / "acme")
    (folder / "systems" / "fields.py").write_text(ADDED.format("tax_exempt"))
    owners, tolerances = folder / "rules/field_ownership.csv", folder / "rules/tolerances.csv"
    before = owners.read_text()
    owners.write_text(before + "customer,tax_exempt,shop,1\n")
    tolerances.write_text(tolerances.read_text() + "customer,tax_exempt,0,ours\n")
    told = run("--project", str(folder), "validate")
    assert told.exit_code == 0, told.output
    owners.write_text(before + "customer,tax_exempt,erp,1\n")
    told = run("--project", str(folder), "validate")
    assert "erp has no tax_exempt of the entity customer; it is held by shopify" in told.output


def test_an_added_field_with_a_name_that_is_taken_is_told(tmp_path: Path) -> None:
    folder = made(tmp_path / "acme")
    (folder / "systems" / "fields.py").write_text(ADDED.format("customer_name"))
    told = run("--project", str(folder), "validate")
    assert told.exit_code == 1
    assert "customer_name of shopify customers bears the name of a field that is compared already" in told.output
