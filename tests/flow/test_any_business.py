"""Whatever systems a business uses, in whatever roles, its night is right.

A few are drawn by default; BUSINESSES=20 draws that many.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.settings import Settings
from concord.stages.reconcile.agreement import AgreementCounts
from sandbox.referee.night import judge_night
from sandbox.referee.verdict import LEAST_PRECISION, Verdict
from sandbox.world import World
from tests.flow.businesses import Business, connections, draw, running
from tests.flow.night import Night

pytestmark = pytest.mark.flow

# An owner may be mistaken where the others cannot be corrected, such as an address that NetSuite takes only once.
LEAST_AGREEMENT = 0.985
SEEDS = range(int(os.environ.get("BUSINESSES", "2")))


@dataclass(frozen=True, slots=True)
class Nights:
    """What the first night came to, and how many changes the second one planned."""

    after: AgreementCounts
    verdict: Verdict
    planned_again: int


@pytest.fixture
def business(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Business:
    drawn = draw(request.param)
    drawn.write(tmp_path)
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return drawn


@pytest.fixture
def nights(business: Business, database: str, world: World, as_of: datetime, tmp_path: Path) -> Nights:
    home = tmp_path / ".concord"
    prepare_warehouse(database)
    with running(business, world, tmp_path / "vendors") as staged:
        night = Night(Settings(warehouse_url=database, home=home, reports=home), connections(staged))
        read_all(night, as_of)
        night.reconcile("first")
        for system in registry.written_systems():
            night.write_back(system.name, "first")
        after = night.finish("first")
        verdict = judge_night(world, staged, night.database)
        read_all(night, as_of + timedelta(days=1))
        night.reconcile("second")
        planned = sum(night.plan(system.name, "second").planned for system in registry.written_systems())
    return Nights(after, verdict, planned)


def read_all(night: Night, until: datetime) -> None:
    """Read every system, those last that are asked by name."""
    for system in sorted(registry.systems(), key=lambda item: item.is_read_last):
        night.read_system(system.name, until)


@pytest.mark.parametrize("business", SEEDS, indirect=True, ids=lambda seed: str(draw(seed)))
def test_a_night_is_right_and_the_next_one_has_nothing_to_do(business: Business, nights: Nights) -> None:
    after, verdict = nights.after, nights.verdict
    assert verdict.wrong == []
    assert after.compared > 100
    assert after.agreed >= LEAST_AGREEMENT * after.compared
    assert verdict.precision >= LEAST_PRECISION
    assert (verdict.order_to_cash.missed, verdict.order_to_cash.invented) == ((), ())
    assert (verdict.dead_letters.missed, verdict.dead_letters.invented) == ((), ())
    assert nights.planned_again == 0
