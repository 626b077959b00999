"""Whatever systems a business uses, in whatever roles, its night is right.

A few are drawn by default; BUSINESSES=20 draws that many.
"""

import os
from pathlib import Path

import pytest

from sandbox.world import World
from tests.flow.businesses import Business, draw
from tests.flow.two_nights import run_two_nights

pytestmark = pytest.mark.flow

# An owner may be mistaken where the others cannot be corrected: an address that NetSuite takes only once, or the
# status of an order in a second ERP.
LEAST_AGREEMENT = 0.98
SEEDS = range(int(os.environ.get("BUSINESSES", "2")))


@pytest.fixture
def business(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Business:
    drawn = draw(request.param)
    drawn.write(tmp_path)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return drawn


@pytest.mark.parametrize("business", SEEDS, indirect=True, ids=lambda seed: str(draw(seed)))
def test_a_night_is_right_and_the_next_one_has_nothing_to_do(
    business: Business, database: str, world: World, tmp_path: Path
) -> None:
    nights = run_two_nights(business.systems, world, database, tmp_path)
    nights.assert_right(agreement=LEAST_AGREEMENT)
