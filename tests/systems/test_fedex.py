"""What is FedEx's own: a worklist, refusals within a success, numbers used again, local times, jealous logins."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from concord import registry
from concord.contract import Resource, Window, Worklist
from concord.errors import RateLimitError
from concord.http.client import HttpSession
from concord.settings import REPOSITORY
from concord.stages.extract import extract_window
from concord.stages.validate import BatchCounts, validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from sandbox.world import World
from tests.systems.bench import Bench, SandboxDesk, by_key, read_all
from tests.systems.conftest import AS_OF, FindBench

FEDEX = registry.system("fedex")
TRACKING, REFERENCES = FEDEX.resource("tracking"), FEDEX.resource("references")
REUSED = "794910000074"
UNKNOWN = "794999999999"
Row = tuple[Any, ...]


class Night:
    """A warehouse that holds the shop's orders, and the nights in which the carrier is asked."""

    def __init__(self, database: Database, bench: Bench) -> None:
        self.database, self.bench, self.session = database, bench, bench.session()
        for system in (registry.system("shopify"), registry.system("tryton"), FEDEX):
            for resource in system.resources:
                create_tables(database, system, resource)

    def sell(
        self,
        name: str,
        *parcels: tuple[str, datetime],
        status: str = "SUCCESS",
        ordered_at: datetime | None = None,
    ) -> None:
        """An order that left in these parcels."""
        fulfillments = [
            {
                "status": status,
                "createdAt": at.isoformat(),
                "trackingInfo": [{"company": "FedEx", "number": number}],
            }
            for number, at in parcels
        ]
        with psycopg.connect(self.database.url) as connection:
            connection.execute(
                "insert into validated.shopify__orders (_key, source_id, order_name, created_at, fulfillments, "
                "_batch_id, _payload_hash) values (%(name)s, %(name)s, %(name)s, %(at)s, %(parcels)s, 'b', 'h')",
                {"name": name, "at": ordered_at, "parcels": Jsonb(fulfillments)},
            )

    def finish(self, name: str, *, state: str = "done", at: datetime = AS_OF - timedelta(days=5)) -> None:
        """An order without parcels in the shop, as far as the ERP got with it."""
        self.sell(name, ordered_at=at)
        with psycopg.connect(self.database.url) as connection:
            connection.execute(
                "insert into validated.tryton__sales (_key, source_id, reference, sale_state, _batch_id, "
                "_payload_hash) values (%(name)s, %(name)s, %(name)s, %(state)s, 'b', 'h')",
                {"name": name, "state": state},
            )

    def run(self, end: datetime = AS_OF, resource: Resource = TRACKING) -> BatchCounts:
        window = Window(end - timedelta(days=1), end)
        batch = extract_window(self.database, self.session, system=FEDEX, resource=resource, window=window)
        suites = REPOSITORY / "expectations"
        return validate_batch(self.database, system=FEDEX, resource=resource, batch_id=batch, suites=suites)

    def rows(self, query: str) -> list[Row]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql.SQL(query)).fetchall()


@pytest.fixture
def carrier(bench: FindBench) -> Bench:
    return bench("fedex")


@pytest.fixture
def night(database: str, carrier: Bench) -> Night:
    return Night(Database(database), carrier)


@pytest.fixture
def desk(carrier: Bench) -> SandboxDesk:
    assert isinstance(carrier.desk, SandboxDesk)
    return carrier.desk


@pytest.fixture
def young_parcel(desk: SandboxDesk) -> Iterator[str]:
    """A parcel that is on its way, for the length of the test."""
    number, shipped = "794977777777", (AS_OF - timedelta(days=1)).isoformat()
    result = {
        "trackingNumberInfo": {"trackingNumber": number, "trackingNumberUniqueId": f"1~{number}~FDEG"},
        "latestStatusDetail": {"code": "IT", "description": "In transit"},
        "dateAndTimes": [{"type": "SHIP", "dateTime": shipped}],
    }
    record = {"trackingNumber": number, "updated": shipped, "result": result}
    desk.server.control("put", {"resource": "tracking", "records": [record]})
    yield number
    desk.server.control("edit", {"resource": "tracking", "id": number, "delete": True})


@pytest.fixture
def parcels(world: World) -> list[tuple[str, datetime, str]]:
    """Number, shipping time and state of every parcel of the world."""
    results = [record["result"] for record in world.records("fedex", "tracking")]
    return [
        (
            item["trackingNumberInfo"]["trackingNumber"],
            datetime.fromisoformat(next(d["dateTime"] for d in item["dateAndTimes"] if d["type"] == "SHIP")),
            item["latestStatusDetail"]["code"],
        )
        for item in results
    ]


def test_open_parcels_are_asked_for_and_those_that_arrived_are_not_again(
    night: Night, parcels: list[tuple[str, datetime, str]]
) -> None:
    for number, shipped_at, _ in parcels:
        night.sell(f"#{number}", (number, shipped_at))
    open_ones = [number for number, _, status in parcels if status != "DL"]
    assert night.run() == BatchCounts(len(parcels), len(parcels), 0, 0)
    assert night.run(AS_OF + timedelta(days=1)).received == len(open_ones) > 0
    known = night.rows("select count(*), count(*) filter (where _is_deleted) from validated.fedex__tracking")
    assert known == [(len(parcels), 0)]


def test_thirty_numbers_go_into_a_call(carrier: Bench, world: World) -> None:
    session = carrier.session()
    found = read_all(session, carrier.system.resource("tracking"))
    assert session.statistics.calls == 1 + -(-len(found) // 30)


def test_a_parcel_that_arrives_is_told_once_more(night: Night, desk: SandboxDesk, young_parcel: str) -> None:
    night.sell("#1", (young_parcel, AS_OF - timedelta(days=1)))
    night.run()
    assert night.rows("select status_code from validated.fedex__tracking") == [("IT",)]
    arrived = {"latestStatusDetail": {"code": "DL", "description": "Delivered"}}
    desk.server.control("edit", {"resource": "tracking", "id": young_parcel, "set": arrived})
    assert night.run(AS_OF + timedelta(days=1)).validated == 1
    assert night.rows("select status_code from validated.fedex__tracking") == [("DL",)]
    assert night.run(AS_OF + timedelta(days=2)).received == 0


def test_a_refused_number_is_set_aside_with_its_error_and_asked_for_again(
    night: Night, parcels: list[tuple[str, datetime, str]]
) -> None:
    number, shipped_at, _ = parcels[-1]
    night.sell("#1", (number, shipped_at), (UNKNOWN, AS_OF - timedelta(days=1)))
    assert night.run() == BatchCounts(2, 1, 1, 0)
    assert night.rows("select _key from validated.fedex__tracking") == [(number,)]
    ((key, state, message, payload),) = night.rows(
        "select record_key, state, message, payload from ops.dead_letters"
    )
    assert (key, state, message) == (UNKNOWN, "open", "the carrier refuses the tracking number")
    assert "TRACKING.TRACKINGNUMBER.NOTFOUND" in payload
    assert night.run(AS_OF + timedelta(hours=1)).quarantined == 1


def test_a_number_used_again_is_our_parcel(night: Night, parcels: list[tuple[str, datetime, str]]) -> None:
    number, shipped_at, _ = next(item for item in parcels if item[0] == REUSED)
    night.sell("#1", (number, shipped_at))
    assert night.run() == BatchCounts(1, 1, 0, 0)
    ((stored, unique_id),) = night.rows("select shipped_at, unique_id from validated.fedex__tracking")
    assert stored == shipped_at
    assert unique_id.split("~")[1] == number


def test_a_parcel_of_which_the_shop_was_told_weeks_later_is_found(
    night: Night, parcels: list[tuple[str, datetime, str]]
) -> None:
    number, shipped_at, _ = min(parcels, key=lambda parcel: parcel[1])
    assert shipped_at < AS_OF - timedelta(days=30)
    night.sell("#1", (number, AS_OF - timedelta(hours=1)), ordered_at=shipped_at - timedelta(days=2))
    assert night.run() == BatchCounts(1, 1, 0, 0)
    assert night.rows("select shipped_at from validated.fedex__tracking") == [(shipped_at,)]


def test_of_two_parcels_with_one_number_the_younger_is_kept(
    night: Night, parcels: list[tuple[str, datetime, str]]
) -> None:
    _, shipped_at, _ = next(item for item in parcels if item[0] == REUSED)
    asked_without_a_day = Worklist(f"select '{REUSED}' as number")
    everything = replace(TRACKING, changes=asked_without_a_day)
    window = Window(AS_OF - timedelta(days=1), AS_OF)
    batch = extract_window(night.database, night.session, system=FEDEX, resource=everything, window=window)
    suites = REPOSITORY / "expectations"
    counts = validate_batch(night.database, system=FEDEX, resource=everything, batch_id=batch, suites=suites)
    assert counts == BatchCounts(2, 1, 0, 1)
    assert night.rows("select shipped_at from validated.fedex__tracking") == [(shipped_at,)]


def test_what_the_shop_called_off_or_sent_otherwise_is_not_asked_for(night: Night) -> None:
    night.sell("#1", ("794910000001", AS_OF - timedelta(days=3)), status="CANCELLED")
    night.sell("#2", ("794910000002", AS_OF - timedelta(days=91)))
    night.sell("#3", ("794910000004", AS_OF + timedelta(days=1)))
    assert night.run() == BatchCounts(0, 0, 0, 0)
    assert night.session.statistics.calls == 0


def test_a_time_without_an_offset_stays_text(night: Night, parcels: list[tuple[str, datetime, str]]) -> None:
    for number, shipped_at, _ in parcels:
        night.sell(f"#{number}", (number, shipped_at))
    night.run()
    column = "estimated_delivery_at"
    bare = f"{column}_local like '%T00:00:00'"
    told = night.rows(f"select {bare}, {column} is null, count(*) from validated.fedex__tracking group by 1, 2")
    assert {(is_bare, is_null) for is_bare, is_null, _ in told} == {(True, True), (False, False)}
    ((text, moment),) = night.rows(
        "select delivered_at_local, delivered_at from validated.fedex__tracking "
        "where delivered_at is not null limit 1"
    )
    assert text[-6] in "+-"
    assert datetime.fromisoformat(text) == moment


def test_one_login_serves_many_sessions(carrier: Bench, desk: SandboxDesk) -> None:
    tracking, shared = carrier.system.resource("tracking"), carrier.new_auth()
    desk.server.control("limits", {"most_logins": 1})
    for _ in range(3):
        assert by_key(tracking, read_all(HttpSession(carrier.connection, shared), tracking))
    assert desk.server.control("counts")["attempts"]["login"] == 1


def test_too_many_logins_are_a_reason_to_wait(carrier: Bench, desk: SandboxDesk) -> None:
    desk.server.control("limits", {"most_logins": 0})
    with pytest.raises(RateLimitError, match="too many logins") as refused:
        read_all(HttpSession(carrier.connection, FEDEX.auth), carrier.system.resource("tracking"))
    assert refused.value.facts["retry_after"] == 600


def name_of(world: World, number: str) -> str:
    """The order that a parcel of the world carries as its reference."""
    results = [record["result"] for record in world.records("fedex", "tracking")]
    found = next(item for item in results if item["trackingNumberInfo"]["trackingNumber"] == number)
    return str(found["additionalTrackingInfo"]["packageIdentifiers"][0]["values"][0])


def test_what_is_done_and_not_in_the_shop_is_asked_for_by_its_order(
    night: Night, world: World, parcels: list[tuple[str, datetime, str]]
) -> None:
    number, shipped_at, _ = parcels[-1]
    night.finish(name_of(world, number), at=shipped_at - timedelta(days=1))
    night.finish("#not-shipped")
    assert night.run(resource=REFERENCES) == BatchCounts(2, 2, 0, 0)
    told = night.rows(
        "select jsonb_array_length(parcels), parcels #>> '{0,trackingNumberInfo,trackingNumber}' "
        "from validated.fedex__references order by 1"
    )
    assert told == [(0, None), (1, number)]
    assert night.rows("select * from ops.dead_letters") == []
    assert night.run(AS_OF + timedelta(days=1), REFERENCES) == BatchCounts(2, 2, 0, 0)


def test_what_is_not_to_be_found_or_not_looked_for_costs_no_call(night: Night) -> None:
    night.finish("#open", state="processing")
    night.finish("#young", at=AS_OF - timedelta(hours=12))
    night.finish("#old", at=AS_OF - timedelta(days=91))
    night.sell("#shipped", ("794910000001", AS_OF - timedelta(days=3)))
    assert night.run(resource=REFERENCES) == BatchCounts(0, 0, 0, 0)
    assert night.session.statistics.calls == 0


def test_a_night_asks_for_a_bounded_number_and_first_for_those_never_asked(night: Night) -> None:
    with psycopg.connect(night.database.url) as connection:
        connection.execute(
            "insert into validated.shopify__orders (_key, source_id, order_name, created_at, _batch_id, "
            "_payload_hash) select n, n, '#' || n, %s, 'b', 'h' from generate_series(1, 700) as n",
            (AS_OF - timedelta(days=5),),
        )
        connection.execute(
            "insert into validated.tryton__sales (_key, source_id, reference, sale_state, _batch_id, "
            "_payload_hash) select n, n, '#' || n, 'done', 'b', 'h' from generate_series(1, 700) as n"
        )
        connection.execute(
            "insert into validated.fedex__references (_key, reference, parcels, _batch_id, _payload_hash) "
            "select '#' || n, '#' || n, '[]', 'b', 'h' from generate_series(101, 700) as n"
        )
        assert isinstance(REFERENCES.changes, Worklist)
        query = sql.SQL(REFERENCES.changes.query)
        nights = [
            [row[0] for row in connection.execute(query, {"as_of": AS_OF + timedelta(days=day)})] for day in (0, 1)
        ]
    assert [len(asked) for asked in nights] == [500, 500]
    assert {f"#{number}" for number in range(1, 101)} == set(nights[0][:100])
    assert set(nights[0]) != set(nights[1])


def test_without_an_account_number_nobody_is_asked_by_reference(night: Night, carrier: Bench) -> None:
    night.session = HttpSession(replace(carrier.connection, extra={}), carrier.new_auth())
    night.finish("#1")
    assert night.run(resource=REFERENCES) == BatchCounts(0, 0, 0, 0)
    assert night.session.statistics.calls == 0


def test_a_refused_reference_is_set_aside(night: Night, desk: SandboxDesk) -> None:
    night.finish("#1")
    result = {
        "trackingNumberInfo": {"trackingNumber": "794966666666", "trackingNumberUniqueId": "refused"},
        "error": {"code": "FORBIDDEN.ERROR"},
        "dateAndTimes": [],
        "additionalTrackingInfo": {"packageIdentifiers": [{"type": "CUSTOMER_REFERENCE", "values": ["#1"]}]},
    }
    record = {"trackingNumber": "794966666666", "updated": AS_OF.isoformat(), "result": result}
    desk.server.control("put", {"resource": "tracking", "records": [record]})
    counts = night.run(resource=REFERENCES)
    desk.server.control("edit", {"resource": "tracking", "id": "794966666666", "delete": True})
    assert counts == BatchCounts(1, 0, 1, 0)
    assert night.rows("select message from ops.dead_letters") == [("the carrier refuses the reference",)]
