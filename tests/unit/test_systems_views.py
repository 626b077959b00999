"""Views of the declarations: the list of systems, the picture, and the ends of API versions."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from concord.cli.system_views import draw_map, show_map, show_systems
from concord.errors import ConfigurationError, ContractError
from concord.installed import PRODUCT
from concord.monitoring.watch import check_versions
from concord.registry import declared_systems, system
from concord.reporting.dataflow import render_map

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100, color_system=None)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_list_names_limits_versions_and_directions(console: Console) -> None:
    show_systems(console)
    text = said(console)
    assert "Shopify web shop  (shopify, connection shopify_default)" in text
    assert "API version 2026-10, served until 2027-10-01" in text
    assert "at most 10 calls a second, 20 at once, 4 tasks" in text
    assert any(
        line.split() == ["inventory_levels", "whole", "every", "night", "available_quantity"]
        for line in text.splitlines()
    )
    assert "HubSpot" not in text


def test_the_map_says_what_is_read_what_is_written_and_who_owns_it(console: Console) -> None:
    show_map(console)
    text = said(console)
    assert "Tryton ERP  (owns addresses, company names, products, prices, stock, the state of orders)" in text
    assert "← written   orders" not in text.partition("Tryton ERP")[2]
    assert "products: price" in text


def test_the_picture_has_each_system_and_no_text_that_leaves_its_box() -> None:
    root = ET.fromstring(render_map(declared_systems()))
    height = float(root.attrib["viewBox"].split()[3])
    heads = [item.text for item in root.iter(f"{SVG}text") if item.get("class") == "head"]
    assert {item.title for item in declared_systems()} <= set(heads)
    assert all(float(item.attrib["y"]) < height for item in root.iter(f"{SVG}text"))
    boxes = [item for item in root.iter(f"{SVG}rect") if item.get("class") == "system"]
    assert all(float(box.attrib["y"]) + float(box.attrib["height"]) < height for box in boxes)


def test_a_picture_that_cannot_be_written_is_one_sentence(console: Console, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be written to .*missing.*: No such file"):
        draw_map(console, tmp_path / "missing" / "map.svg")


@pytest.mark.parametrize(
    ("today", "sentence"),
    [
        (date(2027, 7, 2), None),
        (date(2027, 7, 3), "API version 2026-10 ends on 2027-10-01, in 90 days."),
        (date(2027, 10, 2), "API version 2026-10 ended on 2027-10-01."),
    ],
)
def test_the_end_of_a_version_is_told_ninety_days_before(today: date, sentence: str | None) -> None:
    alarms = check_versions([system("shopify"), system("tryton")], today)
    assert [sentence in alarm.sentence for alarm in alarms if sentence] == ([True] if sentence else [])
    assert bool(alarms) is bool(sentence)


def test_an_end_that_is_no_date_is_refused() -> None:
    with pytest.raises(ContractError, match="api_version_ends as YYYY-MM-DD"):
        replace(system("shopify"), api_version_ends="next autumn")


def test_the_picture_in_the_documents_is_that_of_the_declarations() -> None:
    drawn = (PRODUCT / "docs" / "data-flow.svg").read_text(encoding="utf-8")
    assert drawn == render_map(declared_systems()), "draw it anew: ./concord systems --picture docs/data-flow.svg"


def test_every_connection_has_a_row_in_the_documents() -> None:
    page = (PRODUCT / "docs" / "connections.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    wanted = {item.connection for item in declared_systems()}
    assert len(wanted) > 10
    missing = ", ".join(sorted(wanted - rows))
    assert not missing, f"docs/connections.md needs a row for {missing}: host, login, extra fields"
