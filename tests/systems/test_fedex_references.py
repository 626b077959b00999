"""Parcels that the shop does not know are found at FedEx by the name of their order."""

from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from concord.contract import Worklist
from concord.protocols.session.client import HttpSession
from concord.stages.validate.judge import BatchCounts
from concord.testing.bench import Bench
from concord.testing.open_benches import AS_OF
from concord.testing.sandbox_desk import SandboxDesk
from sandbox.world import World
from tests.systems.carrier import REFERENCES, Night, carrier, desk, night, parcels

__all__ = ["carrier", "desk", "night", "parcels"]


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
