"""The wholesale department's nights: its orders reach the CRM, and its host is told in the next night."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Window
from concord.registry import system
from concord.settings import Connection, Settings
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.testing.bench import Bench
from concord.testing.benches import facts_of
from sandbox.referee.control_desk import read_records
from sandbox.referee.ibm_i_files import IBM_I_RESOURCES, judge_ibm_i_files
from sandbox.referee.night import judged_resources
from sandbox.referee.verdict import Verdict
from sandbox.referee.wholesale_orders import check_wholesale, judge_wholesale
from sandbox.vendors.ibm_i.host import Host
from sandbox.world import World, generate
from tests.dbt.world_rows import load_world, prepare_tables
from tests.flow.night import Night

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
SEASON = Window(MIDNIGHT - timedelta(days=120), MIDNIGHT + timedelta(days=1))
PARTNERS = ("salesforce", "ibm_i", "tryton", "shopify")
BROKEN = 999_001
ZONE = "Europe/Berlin"
MOVED = ("int_wholesale__crm_orders", "stg_ibm_i__acknowledgements", "stg_ibm_i__order_requests")
WHAT_MOVED = " ".join(f"{name}+,tag:marts" for name in MOVED)
PLANNED = """
    select change.resource, change.action, count(*) from ops.changes as change
    inner join ops.plans as plan on plan.plan_id = change.plan_id
    where plan.run_id = %s and change.resource in ('wholesale_orders', 'acknowledgements', 'order_requests')
    group by 1, 2
"""
ANSWERS = "select order_number, acknowledgement_status, reason from validated.ibm_i__acknowledgements"

pytestmark = pytest.mark.usefixtures("all_in_use")


@dataclass(frozen=True)
class Wholesale:
    """The CRM, the host's folders and a warehouse, into which the shop and the ERP are loaded as rows."""

    night: Night
    crm: Bench
    host: Host
    world: World

    def read_all(self) -> None:
        for name in ("ibm_i", "salesforce"):
            for resource in system(name).resources:
                with self.night.session(self.night.systems[name], "extract") as session:
                    batch = extract_window(
                        self.night.database, session, system=system(name), resource=resource, window=SEASON
                    )
                self.night.validate(name, resource.name, batch)

    def write_back(self, run: str) -> None:
        for name in ("salesforce", "ibm_i"):
            self.night.write_back(name, run)

    def planned(self, run: str) -> dict[tuple[str, str], int]:
        return {(resource, action): count for resource, action, count in self.night.rows(PLANNED, run)}

    def judge(self) -> Verdict:
        verdict, url = Verdict(), self.crm.connection.url
        after = {
            "salesforce": {name: list(read_records(url, name)) for name in judged_resources()["salesforce"]},
            "ibm_i": {name: list(self.host.read_records(name)) for name in IBM_I_RESOURCES},
            "tryton": {},
            "shopify": {},
        }
        after["ibm_i"]["acknowledgements"] = [
            item for item in after["ibm_i"]["acknowledgements"] if item["ORDNO"] != BROKEN
        ]
        judge_wholesale(self.world, verdict, after)
        judge_ibm_i_files(self.world, verdict, after)
        return verdict


@pytest.fixture(scope="module")
def wholesale(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wholesale]:
    world = generate(7, as_of=MIDNIGHT, customers=250, products=60, orders=600)
    database, home = Database(module_database), tmp_path_factory.mktemp("home")
    prepare_tables(database)
    load_world(database, world)
    host = Host(tmp_path_factory.mktemp("host"), ZoneInfo(ZONE))
    host.fill(world.of("ibm_i"))
    plant_broken_order(host, world)
    with ExitStack() as stack:
        crm = stack.enter_context(facts_of("salesforce").open(world, tmp_path_factory.mktemp("crm")))
        connections = {
            "salesforce": crm.connection,
            "ibm_i": Connection("ibm_i_default", f"file://{host.folder}", extra={"time_zone": ZONE}),
        }
        settings = Settings(warehouse_url=module_database, home=home, reports=home)
        night = Night(settings, connections, {name: system(name) for name in connections})
        found = Wholesale(night, crm, host, world)
        found.read_all()
        yield found


def plant_broken_order(host: Host, world: World) -> None:
    """The host sends an order whose total is not the sum of its lines."""
    *_, newest = world.records("ibm_i", "orders")
    broken = newest | {"order_number": BROKEN, "total_amount": "0.01", "run_number": newest["run_number"] + 1}
    host.write_run("orders", broken["run_number"], MIDNIGHT - timedelta(minutes=5), [broken])


@pytest.fixture(scope="module")
def first(wholesale: Wholesale) -> Verdict:
    wholesale.night.reconcile("first")
    wholesale.write_back("first")
    return wholesale.judge()


@pytest.fixture(scope="module")
def second(wholesale: Wholesale, first: Verdict) -> Verdict:
    wholesale.night.build(WHAT_MOVED, "second")
    wholesale.write_back("second")
    return wholesale.judge()


@pytest.fixture(scope="module")
def third(wholesale: Wholesale, second: Verdict) -> str:
    wholesale.night.build(WHAT_MOVED, "third")
    wholesale.write_back("third")
    return "third"


def test_the_first_night_creates_and_hands_over_what_is_owed_and_nothing_else(
    wholesale: Wholesale, first: Verdict
) -> None:
    planned = wholesale.planned("first")
    assert first.wrong == []
    assert planned["wholesale_orders", "create"] > 20
    assert planned["wholesale_orders", "update"] > 2
    assert planned["order_requests", "create"] > 5
    assert ("acknowledgements", "update") not in planned
    unverified = "select resource from ops.changes where is_verified is not true"
    assert wholesale.night.rows(unverified) == []


def test_the_planted_breaks_are_found_and_close_themselves(wholesale: Wholesale, first: Verdict) -> None:
    assert first.writes["salesforce"] > 20
    breaks = check_wholesale(wholesale.world, PARTNERS, wholesale.night.database)
    assert breaks.planted > 10
    assert breaks.missed == ()
    assert breaks.invented == (("wholesale_order", str(BROKEN), "missing_record"),)


def test_an_order_that_was_set_aside_is_refused_the_same_night(wholesale: Wholesale, first: Verdict) -> None:
    assert first.writes["ibm_i"] > 0
    assert wholesale.planned("first")["acknowledgements", "create"] == 1
    answers = {number: (status, reason) for number, status, reason in wholesale.night.rows(ANSWERS)}
    assert answers[str(BROKEN)] == ("RJ", "order total is not the sum of its lines")


def test_the_second_night_tells_the_host_and_does_nothing_else(wholesale: Wholesale, second: Verdict) -> None:
    created = wholesale.planned("first")["wholesale_orders", "create"]
    planned = wholesale.planned("second")
    assert second.wrong == []
    assert planned.keys() == {("acknowledgements", "create"), ("acknowledgements", "update")}
    assert sum(planned.values()) == created


def test_the_third_night_has_nothing_left_to_do(wholesale: Wholesale, second: Verdict, third: str) -> None:
    assert second.writes["ibm_i"] > 20
    assert wholesale.planned(third) == {}
    still_open = "select golden_id from marts.reconciliation_discrepancies where entity = 'wholesale_order'"
    assert wholesale.night.rows(still_open) == [(str(BROKEN),)]
