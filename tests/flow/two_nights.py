"""Two nights of a business with the servers of the sandbox, judged: the second one has nothing to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from concord import registry
from concord.cli.installation_start import prepare_warehouse
from concord.settings import Settings
from concord.stages.reconcile.build import BuiltCounts
from sandbox.referee.ibm_i_files import count_acknowledgements
from sandbox.referee.night import judge_night
from sandbox.referee.verdict import LEAST_PRECISION, Verdict
from sandbox.world import World
from tests.flow.businesses import connections, running
from tests.flow.night import Night

_WRITTEN = """
    select distinct plans.system || ' ' || changes.resource || ' ' || field, changes.reason
    from ops.changes as changes
    inner join ops.plans as plans on changes.plan_id = plans.plan_id
    cross join jsonb_object_keys(changes.after) as field
"""

_OPEN = """
    select entity, field, system, cause, count(*) from marts.reconciliation_discrepancies group by 1, 2, 3, 4
    order by 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Nights:
    """What the first night came to, and how many changes the second one planned."""

    night: Night
    before: BuiltCounts
    after: BuiltCounts
    verdict: Verdict
    planned_again: int

    def written(self) -> set[tuple[str, str]]:
        """Each system, resource and field that was written, and why."""
        return {(str(place), str(reason)) for place, reason in self.night.rows(_WRITTEN)}

    def assert_right(self, *, agreement: float) -> None:
        """What holds of every night, whatever the business; `agreement` is the least share of equal fields."""
        verdict = self.verdict
        said = [verdict.wrong, verdict.unread, verdict.unjudged]
        assert said == [[], [], []], said
        assert self.after.compared > 100
        share = self.after.agreed / self.after.compared
        assert share >= agreement, f"{share:.2%}: {self.night.rows(_OPEN)}"
        assert verdict.precision >= LEAST_PRECISION
        for breaks in (verdict.order_to_cash, verdict.wholesale, verdict.dead_letters):
            assert (breaks.missed, breaks.invented) == ((), ()), breaks
        assert self.planned_again == 0


def run_two_nights(names: Iterable[str], world: World, warehouse: str, folder: Path) -> Nights:
    """Read, write and read again the systems of these names, which the project that is run uses."""
    home, until = folder / ".concord", world.settings.as_of
    prepare_warehouse(warehouse)
    with running(names, world, folder / "vendors") as staged:
        night = Night(Settings(warehouse_url=warehouse, home=home, reports=home), connections(staged))
        _read_all(night, until)
        before = night.reconcile("first")
        for system in registry.written_systems():
            night.write_back(system.name, "first")
        after = night.finish("first")
        verdict = judge_night(world, staged, night.database)
        _read_all(night, until + timedelta(days=1))
        night.reconcile("second")
        plans = [night.plan(system.name, "second") for system in registry.written_systems()]
    # The host hears of the orders that the first night created, and that only.
    told = count_acknowledgements(night.database, [plan.plan_id for plan in plans])
    return Nights(night, before, after, verdict, sum(plan.planned for plan in plans) - told)


def _read_all(night: Night, until: datetime) -> None:
    """Read every system, those last that are asked by name."""
    for system in sorted(registry.systems(), key=lambda item: item.is_read_last):
        night.read_system(system.name, until)
