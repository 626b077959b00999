"""What only the shop does: its points, and the parts of an address that a write leaves alone."""

from collections.abc import Callable
from dataclasses import replace

from concord.contract import End
from concord.testing.bench import Bench, by_key, filled, keys_of, read_all
from concord.testing.case import Case

FindBench = Callable[[str], Bench]


def test_the_shop_never_runs_out_of_points(bench: FindBench) -> None:
    found = bench("shopify")
    found.desk.server.control("limits", {"bucket": 1000, "restore_rate": 10_000})  # type: ignore[attr-defined]
    resource, session = found.system.resource("customers"), found.session()
    keys = keys_of(resource, read_all(session, resource, size=50))
    assert len(keys) == found.desk.count(resource)
    assert filled(resource.fields, read_all(session, resource)) >= {"source_id", "email", "phone"}


def test_a_customer_keeps_the_parts_of_the_address_that_nobody_changed(bench: FindBench) -> None:
    found = bench("shopify")
    case = Case(found, found.system.resource("customers"), found.session(), {"city": "Ulm"})
    (change,) = case.changes(1)
    kept = by_key(case.resource, read_all(case.session, case.resource))[str(change.key)]["defaultAddress"]
    case.write([change])
    now = by_key(case.resource, read_all(case.session, case.resource))[str(change.key)]["defaultAddress"]
    assert now == {**kept, "city": "Ulm"}


def test_a_customer_keeps_the_region_and_all_other_addresses(bench: FindBench) -> None:
    found = bench("shopify")
    case = Case(found, found.system.resource("customers"), found.session(), {"city": "Austin"})
    (change,) = case.changes(1)
    server = found.desk.server  # type: ignore[attr-defined]
    full = {
        "firstName": "Ada",
        "lastName": "Wu",
        "address2": "Flat 3",
        "provinceCode": "TX",
        "phone": "+15125550100",
    }
    before = server.control(f"records/customers/one?id={change.key}")
    others = [{"id": f"gid://shopify/MailingAddress/{9_000_000 + n}", "city": f"Town {n}"} for n in range(60)]
    address = {**before["defaultAddress"], **full}
    server.control(
        "edit",
        {"resource": "customers", "id": change.key, "set": {"defaultAddress": address, "otherAddresses": others}},
    )
    record = by_key(case.resource, read_all(case.session, case.resource))[str(change.key)]
    guard = case.resource.field(case.resource.guard)
    change = replace(change, guard={guard.name: case.value_of(record, guard)})
    (outcome,) = case.write([change])
    after = server.control(f"records/customers/one?id={change.key}")
    assert outcome.end is End.CONFIRMED
    assert (after["defaultAddress"], after["otherAddresses"]) == ({**address, "city": "Austin"}, others)
