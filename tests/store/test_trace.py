"""The life of one record, hop by hop."""

from concord.stages.trace import trace
from tests.store.round_trip import RoundTrip


def test_every_hop_of_a_record_is_listed_in_order(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "Name 1", "phone": "1"})
    trip.ingest()
    trip.want("accounts", "E-1", "A-1", phone="+491")
    trip.write_back()
    hops = trace(trip.database, system=trip.system, key="A-1")
    assert [(hop.stage, hop.what) for hop in hops] == [
        ("extract", "read with accounts"),
        ("validate", "validated"),
        ("plan", "update of accounts"),
        ("apply", "sent"),
        ("apply", "confirmed"),
        ("verify", "as written"),
        ("extract", "read back with accounts"),
        ("validate", "validated"),
        ("validated", "held in accounts"),
    ]
    assert '"phone": "+491"' in hops[-1].detail


def test_a_refused_record_shows_its_dead_letter(trip: RoundTrip) -> None:
    trip.vendor.put("accounts", "A-1", {"name": "x" * 70})
    trip.ingest()
    hops = trace(trip.database, system=trip.system, key="A-1")
    assert [hop.stage for hop in hops] == ["extract", "dead letter", "validate"]
    assert (hops[1].what, hops[1].detail.endswith("(open, attempts: 1)")) == ("set aside by validate", True)
    trip.vendor.put("accounts", "A-1", {"name": "Mended"})
    trip.ingest(day=2)
    later = [(hop.stage, hop.what) for hop in trace(trip.database, system=trip.system, key="A-1")]
    assert ("dead letter", "settled") in later


def test_identity_is_one_of_the_hops(trip: RoundTrip) -> None:
    with trip.database.transaction() as connection:
        connection.execute(
            "insert into ops.identities values ('customer', 'shopfront', 'A-1', 'CUS-1', 'email', 0.9)"
        )
    (hop,) = trace(trip.database, system=trip.system, key="A-1")
    assert (hop.stage, hop.what, hop.detail) == (
        "identify",
        "customer CUS-1",
        "matched by email with confidence 0.900",
    )


def test_an_unknown_key_has_no_hops(trip: RoundTrip) -> None:
    assert trace(trip.database, system=trip.system, key="nobody") == []
