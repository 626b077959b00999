"""SAP's peculiarities: tokens with cookies, ETags, dates in two fields, changesets, links of V2 and V4."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from concord.contract import Change, ChangedBetween, End, Field, Resource, Window, Writes
from concord.errors import RequestError
from concord.protocols.odata.lists import EntitySet
from concord.protocols.odata.service import EntityKey
from concord.protocols.odata.values import ChangedAt
from concord.protocols.odata.writes import GuardedSender, ODataWrites
from concord.protocols.session.client import HttpSession
from concord.protocols.values import value_at
from concord.systems.sap import services
from concord.systems.sap.declaration import PARTNER_CHANGES, partner_set
from concord.testing.bench import Bench, by_key, keys_of, read_all
from tests.systems.benches.sap import new_record

FindBench = Callable[[str], Bench]
WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def sap(bench: FindBench) -> Bench:
    return bench("sap")


def companies(found: Bench, session: HttpSession) -> dict[str, dict[str, Any]]:
    partners = by_key(partners_of(found), read_all(session, partners_of(found)))
    return {key: dict(item) for key, item in partners.items() if item["BusinessPartnerCategory"] == "2"}


def partners_of(found: Bench) -> Resource:
    return found.system.resource("business_partners")


def renamed(key: str, etag: object, term: str) -> Change:
    return Change(f"change-{key}", key, "update", {}, {"search_term": term}, {"etag": etag})


def write(found: Bench, session: HttpSession, resource: Resource, changes: list[Change]) -> list[Any]:
    assert resource.writes is not None
    outcomes = resource.writes.writer.write(session, resource, changes)
    return sorted(outcomes, key=lambda outcome: [change.change_id for change in changes].index(outcome.change_id))


def fault(found: Bench, operation: str, **wanted: Any) -> None:
    rule = {"match": {"operation": operation}, "fault": wanted, "times": 1}
    found.desk.server.control("faults", rule)  # type: ignore[attr-defined]


def operations(found: Bench) -> list[str]:
    log = found.desk.server.control("log")  # type: ignore[attr-defined]
    return [name for entry in log for name in entry["operations"]]


def test_the_token_and_its_cookies_are_fetched_once_for_a_batch(sap: Bench) -> None:
    session, changes = sap.session(), []
    for key, record in list(companies(sap, session).items())[:3]:
        changes.append(renamed(key, record["__metadata"]["etag"], "ONE TOKEN"))
    sap.desk.reset()
    outcomes = write(sap, session, partners_of(sap), changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
    assert [name for name in operations(sap) if name in ("token", "batch")] == ["token", "batch"]


def test_a_token_that_is_no_longer_believed_is_fetched_again_once(sap: Bench) -> None:
    session = sap.session()
    key, record = next(iter(companies(sap, session).items()))
    fault(sap, "^batch", kind="expired_token")
    (outcome,) = write(sap, session, partners_of(sap), [renamed(key, record["__metadata"]["etag"], "AGAIN")])
    assert outcome.end is End.CONFIRMED
    assert [name for name in operations(sap) if name in ("token", "batch")] == ["token", "batch"] * 2


def test_a_token_that_is_refused_twice_is_a_refusal(sap: Bench) -> None:
    sap.desk.server.control(  # type: ignore[attr-defined]
        "faults", {"match": {"operation": "^batch"}, "fault": {"kind": "expired_token"}, "times": 2}
    )
    with pytest.raises(RequestError, match="403"):
        GuardedSender(sap.session(), services.PARTNERS).send("POST", "$batch", body=b"", headers={})
    assert operations(sap).count("batch") == 2


def test_an_etag_is_required_and_sent_word_for_word(sap: Bench) -> None:
    session = sap.session()
    key, record = next(iter(companies(sap, session).items()))
    etag = str(record["__metadata"]["etag"])
    assert "%3A" in etag
    sender, path = GuardedSender(session, services.PARTNERS), f"A_BusinessPartner('{key}')"
    with pytest.raises(RequestError, match="428"):
        sender.send("PATCH", path, body={"SearchTerm1": "BARE"}, headers={})
    with pytest.raises(RequestError, match="412"):
        sender.send("PATCH", path, body={"SearchTerm1": "OLD"}, headers={"If-Match": etag.replace("%3A", ":")})
    answer = sender.send("PATCH", path, body={"SearchTerm1": "EXACT"}, headers={"If-Match": etag})
    assert answer.status == 204


def test_a_record_that_moves_between_look_and_write_is_a_conflict(sap: Bench) -> None:
    session = sap.session()
    key, record = next(iter(companies(sap, session).items()))
    fault(sap, "^read:A_BusinessPartner$", kind="move", set={"Language": "FR"})
    (outcome,) = write(sap, session, partners_of(sap), [renamed(key, record["__metadata"]["etag"], "LATE")])
    assert outcome.end is End.CONFLICTED
    assert companies(sap, session)[key]["SearchTerm1"] != "LATE"


@pytest.mark.parametrize(
    ("status", "end", "says"),
    [
        (400, End.REJECTED, "currently being processed"),
        (429, End.UNKNOWN, "read it back"),
        (500, End.UNKNOWN, "read it back"),
    ],
    ids=["open on a screen", "too many calls", "broken"],
)
def test_one_changeset_that_fails_holds_back_no_other(sap: Bench, status: int, end: End, says: str) -> None:
    session = sap.session()
    found = list(companies(sap, session).items())[:3]
    fault(sap, "^batch", kind="row_errors", status=status)
    changes = [renamed(key, record["__metadata"]["etag"], f"PART {status}") for key, record in found]
    outcomes = write(sap, session, partners_of(sap), changes)
    assert [item.end for item in outcomes] == [end, End.CONFIRMED, End.CONFIRMED]
    assert says in outcomes[0].message
    terms = [companies(sap, session)[key]["SearchTerm1"] for key, _ in found]
    assert [term == f"PART {status}" for term in terms] == [False, True, True]


@pytest.mark.parametrize("ignores_preferences", [False, True], ids=["goes on", "stops at the first refusal"])
def test_a_refused_record_leaves_none_unknown_and_none_unsent(sap: Bench, ignores_preferences: bool) -> None:
    session, term = sap.session(), f"BEHIND {int(ignores_preferences)}"
    found = list(companies(sap, session).items())[:5]
    fault(sap, "^batch", kind="row_errors", count=0, ignores_preferences=ignores_preferences)
    terms = [term, term, "X" * 200, term, term]
    changes = [
        renamed(key, record["__metadata"]["etag"], wanted)
        for (key, record), wanted in zip(found, terms, strict=True)
    ]
    outcomes = write(sap, session, partners_of(sap), changes)
    ends = [End.CONFIRMED, End.CONFIRMED, End.REJECTED, End.CONFIRMED, End.CONFIRMED]
    assert [item.end for item in outcomes] == ends
    now = companies(sap, session)
    assert [now[key]["SearchTerm1"] == term for key, _ in found] == [True, True, False, True, True]


def test_the_sentence_of_the_details_reaches_the_journal_masked(sap: Bench) -> None:
    session, orders = sap.session(), sap.system.resource("sales_orders")
    values = new_record(sap, session, orders, 771)
    line = {"sku": "NO-SUCH-ARTICLE", "unit": "EA", "quantity": 1, "unit_price": "1.00"}
    bad = Change("create-771", None, "create", {}, {**values, "items": [line]}, {})
    (outcome,) = write(sap, session, orders, [bad])
    assert outcome.end is End.REJECTED
    assert outcome.message.startswith("V1/331: Material")


def test_a_created_order_has_our_prices_and_is_found_by_its_reference(sap: Bench) -> None:
    session, orders = sap.session(), sap.system.resource("sales_orders")
    created = Change("create-772", None, "create", {}, new_record(sap, session, orders, 772), {})
    (outcome,) = write(sap, session, orders, [created])
    (raw,) = [raw for page in orders.read.read_matching(session, orders, "reference", ["#9772"]) for raw in page]
    record = json.loads(bytes(raw))
    assert (record["SalesOrder"], record["TotalNetAmount"]) == (outcome.key, "24.680")
    assert [item["SalesOrderItem"] for item in record["to_Item"]["results"]] == ["10"]


def test_a_partner_that_never_changed_counts_by_its_creation(sap: Bench) -> None:
    resource, session = partners_of(sap), sap.session()
    unchanged = [item for item in read_all(session, resource, WHOLE) if item["LastChangeDate"] is None]
    assert unchanged
    moment = PARTNER_CHANGES.moment(unchanged[0])
    assert moment is not None
    exact = Window(moment, moment + timedelta(seconds=1))
    assert unchanged[0]["BusinessPartner"] in keys_of(resource, read_all(session, resource, exact))
    later = Window(moment + timedelta(seconds=1), moment + timedelta(seconds=2))
    assert unchanged[0]["BusinessPartner"] not in keys_of(resource, read_all(session, resource, later))


def test_the_clock_of_the_system_may_stand_in_another_zone(sap: Bench) -> None:
    resource = partners_of(sap)
    record = read_all(sap.session(), resource, WHOLE)[0]
    moment = PARTNER_CHANGES.moment(record)
    assert moment is not None
    elsewhere = replace(sap, connection=replace(sap.connection, extra={"time_zone": "Asia/Tokyo"}))
    there = moment - timedelta(hours=9)
    window = Window(there, there + timedelta(seconds=1))
    assert record["BusinessPartner"] in keys_of(resource, read_all(elsewhere.session(), resource, window))


@pytest.mark.parametrize("resource_name", ["business_partners", "products"], ids=["V2", "V4"])
def test_pages_go_on_behind_the_last_key_and_not_by_links(sap: Bench, resource_name: str) -> None:
    resource, session = sap.system.resource(resource_name), sap.session()
    sap.desk.server.control("limits", {"link_base": "http://127.0.0.2:1/sap"})  # type: ignore[attr-defined]
    assert len(read_all(session, resource)) == sap.desk.count(resource)
    assert session.statistics.calls > sap.desk.count(resource) / 10


def test_the_rest_of_a_list_inside_of_a_record_is_not_read_from_another_host(sap: Bench) -> None:
    limits = {"link_base": "http://127.0.0.2:1/sap", "nested_size": 1}
    sap.desk.server.control("limits", limits)  # type: ignore[attr-defined]
    with pytest.raises(RequestError, match="another host"):
        read_all(sap.session(), sap.system.resource("sales_orders"))


def test_every_item_of_an_order_is_read_whatever_part_of_them_comes_with_it(sap: Bench) -> None:
    resource = sap.system.resource("sales_orders")
    whole = read_all(sap.session(), resource)
    assert max(len(order["to_Item"]["results"]) for order in whole) > 2
    sap.desk.server.control("limits", {"nested_size": 1})  # type: ignore[attr-defined]
    assert read_all(sap.session(), resource) == whole


def product_resource(*, has_batch: bool) -> Resource:
    """Products, written through the V4 service."""
    products = EntitySet(services.PRODUCTS, "Product", EntityKey(("Product",)), ChangedAt("LastChangeDateTime"))
    return Resource(
        name="products",
        read=products,
        key="source_id",
        fields=(
            Field("Product", "source_id", required=True),
            Field("ProductGroup", "product_group"),
            Field(r"@odata\.etag", "etag"),
            Field("LastChangeDateTime", "changed_at", required=True),
        ),
        changes=ChangedBetween("changed_at"),
        writes=Writes(
            ODataWrites(products, has_batch=has_batch), update=frozenset({"product_group"}), guard="etag"
        ),
    )


@pytest.mark.parametrize("has_batch", [True, False], ids=["batch", "one by one"])
def test_the_fourth_version_is_written_as_well(sap: Bench, has_batch: bool) -> None:
    resource, session = product_resource(has_batch=has_batch), sap.session()
    group = "BATCHED" if has_batch else "ALONE"
    changes = [
        Change(key, key, "update", {}, {"product_group": group}, {"etag": value_at(item, resource.field("etag"))})
        for key, item in list(by_key(resource, read_all(session, resource)).items())[:4]
    ]
    stale = replace(changes[0], guard={"etag": 'W/"other"'})
    long = replace(changes[1], after={"product_group": "TOO LONG FOR NINE"})
    outcomes = write(sap, session, resource, [stale, long, *changes[2:]])
    assert [item.end for item in outcomes] == [End.CONFLICTED, End.REJECTED, End.CONFIRMED, End.CONFIRMED]
    groups = {key: item["ProductGroup"] for key, item in by_key(resource, read_all(session, resource)).items()}
    assert [groups[change.change_id] == group for change in changes] == [False, False, True, True]


def test_a_server_that_knows_only_merge_is_written_as_well(sap: Bench) -> None:
    session = sap.session()
    writer = ODataWrites(partner_set, method="MERGE")
    resource = replace(partners_of(sap), writes=Writes(writer, update=frozenset({"search_term"}), guard="etag"))
    key, record = next(iter(companies(sap, session).items()))
    (outcome,) = write(sap, session, resource, [renamed(key, record["__metadata"]["etag"], "MERGED")])
    assert outcome.end is End.CONFIRMED
    assert companies(sap, session)[key]["SearchTerm1"] == "MERGED"


def test_the_client_goes_with_every_call_and_a_service_may_lie_elsewhere(sap: Bench) -> None:
    extra = {"client": "100", "sales_order_path": "/sap/opu/odata/sap/API_SALES_ORDER_SRV/"}
    session = replace(sap, connection=replace(sap.connection, extra=extra)).session()
    assert services.PARTNERS.query(session) == {"sap-client": "100"}
    assert (
        services.ORDERS.address(session, "A_SalesOrder") == "/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder"
    )
    assert read_all(session, sap.system.resource("sales_orders"), size=30)
