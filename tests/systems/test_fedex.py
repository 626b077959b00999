"""Tracking by FedEx: which numbers are requested, errors in successful responses, reused numbers, times, login."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from concord.contract import Window, Worklist
from concord.errors import RateLimitError
from concord.installed import PRODUCT
from concord.protocols.session.client import HttpSession
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.open_benches import AS_OF
from concord.testing.sandbox_desk import SandboxDesk
from sandbox.world import World
from tests.systems.carrier import FEDEX, TRACKING, Night, carrier, desk, night, parcels

__all__ = ["carrier", "desk", "night", "parcels"]
REUSED = "794910000074"
UNKNOWN = "794999999999"


@pytest.fixture
def young_parcel(desk: SandboxDesk) -> Iterator[str]:
    """The number of a parcel in transit that FedEx knows during the test."""
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
    suites = PRODUCT / "expectations"
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
        read_all(HttpSession(carrier.connection, carrier.new_auth()), carrier.system.resource("tracking"))
    assert refused.value.facts["retry_after"] == 600
