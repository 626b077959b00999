"""Two real servers agree: a shop that only its project knows, and an ERP that Concord knows.

The project is the one in `examples/two_servers/`, as it lies there.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from concord import registry
from concord.installed import PRODUCT
from sandbox.referee.verdict import LEAST_AGREEMENT, LEAST_RECALL
from sandbox.world import generate
from tests.flow.two_nights import run_two_nights

pytestmark = pytest.mark.real

PROJECT = PRODUCT / "examples" / "two_servers"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONCORD_PROJECT", str(PROJECT))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return PROJECT


@pytest.mark.usefixtures("project")
def test_shop_and_erp_agree_and_the_next_night_has_nothing_to_do(database: str, tmp_path: Path) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    world = generate(2, as_of=midnight, customers=60, products=60, orders=90)
    nights = run_two_nights([item.name for item in registry.systems()], world, database, tmp_path)
    nights.assert_right(agreement=LEAST_AGREEMENT)
    assert nights.before.agreed < nights.before.compared
    assert nights.verdict.recall >= LEAST_RECALL
    assert nights.verdict.dead_letters.planted > 0
    assert nights.written() == {
        ("oscar products product_name", "from tryton: name"),
        ("oscar stock price_amount", "from tryton"),
        ("oscar stock stock_quantity", "from tryton"),
        ("tryton contact_mechanisms mechanism_type", "known elsewhere, lacking here"),
        ("tryton contact_mechanisms mechanism_value", "known elsewhere, lacking here"),
        ("tryton contact_mechanisms mechanism_value", "from oscar: email"),
        ("tryton contact_mechanisms party_source_id", "known elsewhere, lacking here"),
    }


def test_the_standard_suite_and_its_own_tests_hold_for_the_shop() -> None:
    command = [sys.executable, "-m", "pytest", "tests", "-q"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=550, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout
    assert passed is not None
    assert int(passed[1]) > 110
