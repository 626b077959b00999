"""Only a vendor's own folders name it, and it has one entry in each of them."""

from pathlib import Path

import pytest

from concord.installed import PRODUCT
from tools.vendors import FOLDERS, find_vendor_breaches, list_vendors, make_pattern

HOMES = ("plugins/concord/systems", "dbt_project/models/staging", "expectations", "sandbox/vendors")


def make_repository(root: Path) -> None:
    """One vendor, shopfront, with all of its folders."""
    for home in HOMES:
        write(root, f"{home}/shopfront/orders.py", "name = 'shopfront'\n")


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def test_this_repository_keeps_vendors_in_their_folders() -> None:
    assert len(list_vendors(PRODUCT)) > 10
    assert all((PRODUCT / folder).is_dir() for folder in FOLDERS)
    assert find_vendor_breaches(PRODUCT) == []


def test_a_vendor_in_its_own_folders_is_no_breach(tmp_path: Path) -> None:
    make_repository(tmp_path)
    assert find_vendor_breaches(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plugins/concord/protocols/rest/lists.py", "# as Shopfront does"),
        ("plugins/concord/settings.py", "shopfront_url = None"),
        ("plugins/concord/cli/verbs/nights.py", "class ShopFrontOrders: ..."),
        ("plugins/concord/reporting/report.css", "/* a query in Suite" + "QL */"),
        ("dags/ingest.py", "ids = ['ingest_shopfront']"),
        ("dbt_project/models/intermediate/orders/int_orders__expected.sql", "where system = 'shopfront'"),
        ("dbt_project/models/marts/core/orders.sql", "as shopfront_order_source_id"),
        ("dbt_project/models/staging/concord/stg_concord__batches.sql", "-- those of shopfront"),
        ("dbt_project/macros/systems.sql", "{# as Shopfront has it #}"),
    ],
)
def test_a_name_elsewhere_is_found_with_its_line(tmp_path: Path, name: str, line: str) -> None:
    make_repository(tmp_path)
    write(tmp_path, name, f"\n{line}\n")
    [breach] = find_vendor_breaches(tmp_path)
    assert breach.startswith(f"{name}:2: names the vendor's word ")


@pytest.mark.parametrize(
    "name",
    [
        "dbt_project/models/entities/shopfront/customers__shopfront.sql",
        "dbt_project/models/intermediate/vendors/shopfront/int_shopfront__names.sql",
        "dbt_project/models/marts/desired/shopfront/desired_shopfront__orders.sql",
        "dbt_project/models/intermediate/orders/_orders.yml",
        "dbt_project/seeds/order_statuses.csv",
    ],
)
def test_a_vendors_own_model_a_sample_and_a_rule_may_name_it(tmp_path: Path, name: str) -> None:
    make_repository(tmp_path)
    write(tmp_path, name, "shopfront\n")
    assert find_vendor_breaches(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("an SAP order", True),
        ("sap_default", True),
        ("it disappears", False),
        ("IBM i", True),
        ("ibm_i_files", True),
    ],
)
def test_a_short_name_is_found_as_a_word_only(text: str, *, is_named: bool) -> None:
    assert bool(make_pattern(["ibm_i", "sap"]).search(text)) is is_named


@pytest.mark.parametrize("home", HOMES[1:])
def test_a_vendor_that_lacks_a_folder_is_found(tmp_path: Path, home: str) -> None:
    make_repository(tmp_path)
    (tmp_path / home / "shopfront" / "orders.py").unlink()
    assert find_vendor_breaches(tmp_path) == [f"{home}:1: shopfront has 0 entries here, and must have one"]


def test_a_vendor_with_two_entries_is_found(tmp_path: Path) -> None:
    make_repository(tmp_path)
    write(tmp_path, "sandbox/vendors/shopfront.py", "")
    assert find_vendor_breaches(tmp_path) == ["sandbox/vendors:1: shopfront has 2 entries here, and must have one"]
