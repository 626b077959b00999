"""A night that works on what was touched leaves the warehouse as a night that builds everything would."""

from collections.abc import Iterator

import psycopg
import pytest

from concord.errors import BatchError
from concord.registry import systems
from concord.stages.reconcile.build import BuiltCounts, build
from concord.testing.benches import facts_of
from sandbox.world import generate
from tests.dbt.all_systems import read
from tests.dbt.conftest import AS_OF, Reconciliation
from tests.dbt.covered import cover_all
from tests.dbt.kept_rows import differing, kept_rows
from tests.dbt.vendor_changes import VendorChanges
from tests.dbt.world_rows import load_world

SYSTEMS = "shopify,salesforce,tryton,sap,stripe,fedex,ibm_i"
READ = ("sap", "stripe", "fedex", "ibm_i")  # the others are loaded as rows


@pytest.fixture(scope="module")
def business(reconciliation: Reconciliation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reconciliation]:
    """A business whose systems were all read, reconciled once, with its report."""
    world = generate(11, as_of=AS_OF, customers=200, products=50, orders=700)
    load_world(reconciliation.database, world)
    for name in READ:
        with facts_of(name).open(world, tmp_path_factory.mktemp(name)) as bench:
            for resource in bench.system.resources:
                read(reconciliation.database, bench, resource.name, at_least=5)
    with facts_of("salesforce").open(world, tmp_path_factory.mktemp("crm")) as bench:
        read(reconciliation.database, bench, "wholesale_orders")
    with reconciliation.environment():
        cover_all(reconciliation.database, systems())
        reconciliation.run("first")
        reconciliation.report("first")
    return reconciliation


@pytest.fixture
def changes(business: Reconciliation) -> Iterator[VendorChanges]:
    with psycopg.connect(business.database.url) as connection:
        yield VendorChanges(connection, seed=3)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights are narrow, however much of this small world they work on."""
    monkeypatch.setattr("concord.stages.reconcile.scope._MOST", 2.0)


def run(business: Reconciliation, name: str, *, is_full: bool = False) -> BuiltCounts:
    with business.environment():
        return build(business.settings, business.database, systems(), run_id=name, is_full=is_full)


def fail_after_identification(business: Reconciliation) -> None:
    """A night that breaks off when the records have their golden ids, and nothing is made of them yet."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("concord.stages.reconcile.build.run_dbt", break_off)
        with pytest.raises(BatchError, match="broke off"):
            run(business, "broken")


def break_off(*_: object, **__: object) -> int:
    raise BatchError("The night broke off.")


def test_a_night_in_which_nothing_changed_builds_nothing(business: Reconciliation) -> None:
    before = kept_rows(business)
    night, report = run(business, "unchanged"), business.report("unchanged")
    assert (night.nodes, report.nodes) == (0, 0)
    assert night.compared == report.compared > 10_000
    assert kept_rows(business) == before


@pytest.mark.usefixtures("narrow")
def test_an_order_that_time_alone_has_changed_is_worked_on(business: Reconciliation) -> None:
    with psycopg.connect(business.database.url) as connection:
        connection.execute("update ops.scopes set begun_at = '2026-11-22'")
    young = business.value("select count(*) from intermediate.int_orders__links where settled_at > '2026-11-22'")
    night = run(business, "later")
    assert 0 < int(str(young)) <= (night.worked_on or 0)
    assert run(business, "after that").worked_on == 0


@pytest.mark.usefixtures("narrow")
def test_random_nights_leave_what_building_everything_would(
    business: Reconciliation, changes: VendorChanges
) -> None:
    made: list[str] = []
    worked_on = []
    for number, kinds in enumerate(changes.deal(4)):
        made += changes.make(kinds)
        if number == 2:
            fail_after_identification(business)
        worked_on.append(run(business, f"night {number}").identities["records"])
    run(business, "settled")
    before = kept_rows(business)
    full = run(business, "full", is_full=True)
    business.report("full")
    assert 0 < min(worked_on) < max(worked_on) < full.identities["records"]
    assert not differing(before, kept_rows(business)), made
