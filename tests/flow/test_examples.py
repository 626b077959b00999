"""The businesses in `examples/` whose systems are the sandbox's: two nights of each, judged by its own rules."""

from datetime import datetime
from pathlib import Path

import pytest

from concord import registry
from concord.installed import PRODUCT
from sandbox.referee.verdict import LEAST_AGREEMENT
from sandbox.world import generate
from tests.flow.two_nights import run_two_nights

pytestmark = pytest.mark.flow


@pytest.mark.parametrize("example", ["manufacturer", "retailer", "two_shops"])
def test_its_systems_agree_and_the_next_night_has_nothing_to_do(
    example: str, database: str, as_of: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_PROJECT", str(PRODUCT / "examples" / example))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    world = generate(55, as_of=as_of, customers=120, products=40, orders=240)
    nights = run_two_nights([item.name for item in registry.systems()], world, database, tmp_path)
    nights.assert_right(agreement=LEAST_AGREEMENT)
    assert nights.before.agreed < nights.before.compared
