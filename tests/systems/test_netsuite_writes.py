"""Writes to NetSuite: jobs of a hundred changes, a result for each, idempotency keys, and lost responses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from concord.contract import Change, End, Field, Resource, Snapshot
from concord.protocols.values import value_at
from concord.systems.netsuite.suiteql import SuiteQl
from concord.testing.bench import RETRY_LIMITS, Bench, by_key, keys_of, read_all
from tests.systems.ledger import create, customers, ledger, set_limits, write

__all__ = ["ledger"]
LINES = Resource(
    name="lines",
    read=SuiteQl("transactionline", only="transactionline.mainline = 'F'", order=("uniquekey",)),
    key="source_id",
    fields=(
        Field("uniquekey", "source_id", required=True),
        Field("orderid", "order_source_id", select="transactionline.transaction"),
        Field("item", "item_source_id"),
        Field("quantity", "quantity"),
        Field("rate", "unit_price"),
    ),
    changes=Snapshot(),
)


def attempts(ledger: Bench) -> Mapping[str, int]:
    return dict(ledger.desk.server.control("counts")["attempts"])  # type: ignore[attr-defined]


def effects(ledger: Bench) -> Mapping[str, int]:
    return dict(ledger.desk.server.control("counts")["effects"])  # type: ignore[attr-defined]


def plant(ledger: Bench, operation: str, fault: Mapping[str, object], times: int | None = 1) -> None:
    rule = {"match": {"operation": operation}, "fault": fault, "times": times}
    ledger.desk.server.control("faults", rule)  # type: ignore[attr-defined]


def updates(ledger: Bench, count: int, after: Mapping[str, object]) -> list[Change]:
    """Updates of the last customers, with the guard that a plan would hold."""
    resource = ledger.system.resource("customers")
    records = by_key(resource, read_all(ledger.session(), resource))
    assert len(records) >= count
    stamp = resource.field("updated_at")
    return [
        Change(f"{key}-{after}", key, "update", {}, after, {"updated_at": value_at(record, stamp)})
        for key, record in list(records.items())[-count:]
    ]


def test_a_hundred_changes_are_one_call_with_a_result_each(ledger: Bench) -> None:
    outcomes = write(ledger, updates(ledger, 100, {"phone": "+49 30 7000001"}))
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 100
    assert attempts(ledger)["batch_update:customer"] == 1
    assert (attempts(ledger)["result"], effects(ledger)["batch_update:customer"]) == (100, 100)


@pytest.mark.parametrize("is_reversed", [False, True], ids=["in order", "listed backwards"])
def test_each_change_gets_its_own_result(ledger: Bench, is_reversed: bool) -> None:
    set_limits(ledger, reverse_tasks=is_reversed)
    good, bad, other = updates(ledger, 3, {"phone": f"+49 30 700000{2 + is_reversed}"})
    bad = replace(bad, after={"email": "nobody at nowhere"})
    outcomes = write(ledger, [good, bad, other])
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.REJECTED, End.CONFIRMED]
    assert outcomes[1].message.startswith("USER_ERROR: Error while accessing a resource. Please enter a valid")


def test_a_record_that_somebody_has_changed_meanwhile_is_a_conflict(ledger: Bench) -> None:
    plant(ledger, "^batch_update", {"kind": "row_errors", "rows": [1]})
    outcomes = write(ledger, updates(ledger, 3, {"phone": "+49 30 7000004"}))
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.CONFLICTED, End.CONFIRMED]
    assert "RCRD_HAS_BEEN_CHANGED" in outcomes[1].message


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "html_after"])
def test_a_lost_answer_is_settled_by_the_key_and_nothing_is_done_twice(ledger: Bench, kind: str) -> None:
    changes = updates(ledger, 3, {"phone": f"+49 30 71{len(kind):05d}"})
    plant(ledger, "^batch_update", {"kind": kind})
    outcomes = write(ledger, changes)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
    assert attempts(ledger)["batch_update:customer"] == 2
    assert effects(ledger) == {"batch_update:customer": 3}


def test_when_every_answer_is_lost_the_outcome_is_unknown_and_a_later_process_finds_the_job(ledger: Bench) -> None:
    change = create(911)
    plant(ledger, "^batch_upsert", {"kind": "cut_after"}, times=3)
    (lost,) = write(ledger, [change])
    (found,) = write(ledger, [change])
    assert (lost.end, found.end) == (End.UNKNOWN, End.CONFIRMED)
    assert effects(ledger) == {"batch_upsert:customer": 1}
    assert found.key in customers(ledger)


def test_a_refusal_that_is_no_repetition_stays_one(ledger: Bench) -> None:
    plant(ledger, "^batch_update", {"kind": "status", "status": 403, "code": "INSUFFICIENT_PERMISSION"}, None)
    outcomes = write(ledger, updates(ledger, 2, {"phone": "+49 30 7000005"}))
    assert [item.end for item in outcomes] == [End.REJECTED] * 2
    assert "INSUFFICIENT_PERMISSION" in outcomes[0].message
    assert effects(ledger) == {}


def test_a_job_that_does_not_end_is_unknown(ledger: Bench) -> None:
    set_limits(ledger, job_polls=1000)
    resource = ledger.system.resource("customers")
    assert resource.writes is not None
    writer: Any = replace(resource.writes.writer, polls=2)  # type: ignore[type-var]
    hasty = replace(resource, writes=replace(resource.writes, writer=writer))
    (outcome,) = write(ledger, updates(ledger, 1, {"phone": "+49 30 7000006"}), hasty)
    assert outcome.end is End.UNKNOWN
    assert attempts(ledger)["job"] == 2


def test_a_result_that_cannot_be_had_leaves_the_others_as_they_are(ledger: Bench) -> None:
    plant(ledger, "^result$", {"kind": "status", "status": 500}, RETRY_LIMITS.attempts)
    changes = updates(ledger, 1, {"phone": "+49 30 7000008"})
    (lost,) = write(ledger, changes)
    assert (lost.end, lost.key) == (End.UNKNOWN, changes[0].key)
    assert [item.end for item in write(ledger, updates(ledger, 2, {"phone": "+49 30 7000009"}))] == [
        End.CONFIRMED
    ] * 2


@pytest.mark.parametrize("operation", ["^job$", "^task$", "^result$"])
def test_a_job_that_cannot_be_followed_is_unknown(ledger: Bench, operation: str) -> None:
    plant(ledger, operation, {"kind": "status", "status": 500}, None)
    outcomes = write(ledger, updates(ledger, 2, {"phone": f"+49 30 72{len(operation):05d}"}))
    assert [item.end for item in outcomes] == [End.UNKNOWN] * 2
    assert effects(ledger) == {"batch_update:customer": 2}


def test_a_misspelt_field_is_refused_and_not_ignored(ledger: Bench) -> None:
    resource = ledger.system.resource("customers")
    fields = tuple(replace(item, write="emial") if item.name == "email" else item for item in resource.fields)
    (outcome,) = write(ledger, updates(ledger, 1, {"email": "new@example.com"}), replace(resource, fields=fields))
    assert outcome.end is End.REJECTED
    assert effects(ledger) == {}


def test_a_customer_made_again_is_the_same_customer(ledger: Bench) -> None:
    (made,) = write(ledger, [create(921)])
    (again,) = write(ledger, [create(921, phone="+49 30 7000007")])
    assert (made.end, again.end, made.key) == (End.CONFIRMED, End.CONFIRMED, again.key)
    record = customers(ledger)[str(made.key)]
    assert (record["externalid"], record["companyname"], record["phone"]) == (
        "CUS-921",
        "Werk 921",
        "+49 30 7000007",
    )
    assert record["isperson"] == "F"


def test_a_new_customer_has_the_address_that_bills_go_to(ledger: Bench) -> None:
    address = {"street": "Am Kanal 1", "city": "Potsdam", "postal_code": "14467", "country_code": "DE"}
    (made,) = write(ledger, [create(922, address=address)])
    record = customers(ledger)[str(made.key)]
    assert [record[name] for name in ("addr1", "city", "zip", "country")] == [*address.values()]


def test_a_created_order_has_its_lines_at_our_price(ledger: Bench) -> None:
    item = keys_of(items := ledger.system.resource("items"), read_all(ledger.session(), items))[0]
    lines = [{"item_source_id": item, "quantity": 3, "unit_price": "7.5"}]
    values = {"external_id": "WEB-77001", "order_name": "#77001", "document_date": "2026-11-01", "lines": lines}
    order = {**values, "customer_source_id": next(iter(customers(ledger)))}
    (made,) = write(ledger, [Change("o", None, "create", {}, order, {})], ledger.system.resource("sales_orders"))
    assert made.end is End.CONFIRMED
    found = [line for line in read_all(ledger.session(), LINES) if line["orderid"] == made.key]
    assert [(line["item"], line["quantity"], line["rate"]) for line in found] == [(item, "-3", "7.5")]
