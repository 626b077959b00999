"""How customers are written: one effect per key, held records, limits, and documents that are replaced whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from concord.contract import Change, End, Outcome, Resource
from concord.errors import RateLimitError
from concord.protocols.values import Record
from concord.store.ids import derive_id
from concord.testing.bench import Bench, by_key, read_all
from concord.testing.open_benches import FindBench

_numbers = count(1)
_used: set[str] = set()


@dataclass
class Customers:
    """The customers of the account, and a hand on them."""

    bench: Bench
    resource: Resource
    keys: Iterator[str]

    def control(self, path: str, body: object = None) -> Any:
        return self.bench.desk.server.control(path, body)  # type: ignore[attr-defined]

    def fault(self, kind: str, *, skip: int = 0, times: int = 1, **more: object) -> None:
        match = {"operation": r"^customers\.update$"}
        fault = {"kind": kind, **more}
        self.control("faults", {"match": match, "fault": fault, "skip": skip, "times": times})

    def get(self, key: str) -> Record:
        found: Record = self.control(f"records/customers/one?id={key}")
        return found

    def fresh(self) -> str:
        """The key of a customer that no other test has."""
        key = next(key for key in self.keys if key not in _used)
        _used.add(key)
        return key

    def change(self, key: str | None = None, **after: object) -> Change:
        """A change that nobody made before, of a customer that no other test has."""
        key = key or self.fresh()
        record = by_key(self.resource, read_all(self.bench.session(), self.resource))[key]
        guard = {"content_hash": record["_concord"]["hash"]}
        return Change(derive_id("test", key, str(next(_numbers))), key, "update", {}, after, guard)

    def write(self, *changes: Change) -> list[Outcome]:
        assert self.resource.writes is not None
        return self.resource.writes.writer.write(self.bench.session(), self.resource, changes)

    def ends(self, *changes: Change) -> list[End]:
        return [outcome.end for outcome in self.write(*changes)]

    def effects(self, change: Change) -> int:
        return int(str(self.bench.desk.effects(self.resource, str(change.key))))


@pytest.fixture
def customers(bench: FindBench) -> Customers:
    found = bench("stripe")
    resource = found.system.resource("customers")
    records = by_key(resource, read_all(found.session(), resource))
    return Customers(found, resource, (key for key, record in records.items() if not record.get("deleted")))


@pytest.mark.parametrize("kind", ["cut_after", "truncate", "html_after"])
def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(customers: Customers, kind: str) -> None:
    change = customers.change(city="Ulm", concord_id="CUS-7")
    customers.fault(kind)
    assert customers.ends(change) == [End.CONFIRMED]
    tried = customers.control("counts")["records"][f"customers/{change.key}"]
    assert (tried["attempts"], tried["effects"]) == (2, 1)


def test_answers_that_keep_getting_lost_leave_the_outcome_unknown(customers: Customers) -> None:
    change = customers.change(city="Gera")
    customers.fault("cut_after", times=9)
    assert customers.ends(change) == [End.UNKNOWN]
    assert customers.effects(change) == 1


def test_a_limit_after_a_lost_answer_is_not_taken_for_not_sent(customers: Customers) -> None:
    change = customers.change(city="Suhl")
    customers.fault("cut_after")
    customers.fault("throttle", times=99)
    assert customers.ends(change) == [End.UNKNOWN]
    assert customers.effects(change) == 1


@pytest.mark.parametrize(("times", "end"), [(1, End.CONFIRMED), (99, End.UNKNOWN)])
def test_a_key_in_use_is_waited_for(customers: Customers, times: int, end: End) -> None:
    change = customers.change(city="Hof")
    customers.fault("status", times=times, status=409, code="idempotency_key_in_use")
    assert customers.ends(change) == [end]


def test_a_key_that_was_used_for_something_else_is_refused(customers: Customers) -> None:
    first = customers.change(city="Melle")
    assert customers.ends(first) == [End.CONFIRMED]
    other = customers.change(first.key, city="Verden")
    (outcome,) = customers.write(Change(first.change_id, first.key, "update", {}, other.after, other.guard))
    assert (outcome.end, customers.get(str(first.key))["address"]["city"]) == (End.REJECTED, "Melle")
    assert "same parameters" in outcome.message


def test_a_held_record_is_waited_for_and_holds_back_no_other(customers: Customers) -> None:
    briefly, long, other = (customers.change(city=city) for city in ("Bonn", "Trier", "Essen"))
    customers.control("limits", {"locks": {briefly.key: 2, long.key: 99}})
    outcomes = customers.write(briefly, long, other)
    assert [outcome.end for outcome in outcomes] == [End.CONFIRMED, End.REJECTED, End.CONFIRMED]
    assert outcomes[1].message.startswith("lock_timeout: another process holds the record")


def test_a_limit_that_stays_holds_the_rest(customers: Customers) -> None:
    first, second, third = (customers.change(city=city) for city in ("Wismar", "Rostock", "Greifswald"))
    customers.fault("throttle", skip=1, times=99)
    assert customers.ends(first, second, third) == [End.CONFIRMED, End.HELD, End.HELD]
    with pytest.raises(RateLimitError, match="limit of calls"):
        customers.write(second)
    assert customers.effects(second) == 0


def test_parts_of_an_address_that_we_do_not_know_are_kept(customers: Customers) -> None:
    key = customers.fresh()
    before: Mapping[str, object] = {**customers.get(key)["address"], "line2": "Backyard", "state": "BY"}
    edited = {"address": before, "metadata": {"their": "note"}}
    customers.control("edit", {"resource": "customers", "id": key, "set": edited})
    assert customers.ends(customers.change(key, city="Passau", concord_id="CUS-9")) == [End.CONFIRMED]
    now = customers.get(key)
    assert now["address"] == {**before, "city": "Passau"}
    assert now["metadata"] == {"their": "note", "concord_id": "CUS-9"}


def test_a_field_without_a_value_is_cleared(customers: Customers) -> None:
    change = customers.change(phone=None, postal_code=None, concord_id=None, customer_name="Ada & Söhne")
    assert customers.ends(change) == [End.CONFIRMED]
    now = customers.get(str(change.key))
    assert (now["phone"], now["address"]["postal_code"], now["metadata"]) == (None, None, {})
    assert (now["name"], bool(now["address"]["city"])) == ("Ada & Söhne", True)


def test_any_change_by_somebody_else_is_a_conflict_though_there_is_no_version(customers: Customers) -> None:
    change = customers.change(phone="+493011112222")
    customers.control("edit", {"resource": "customers", "id": change.key, "set": {"balance": -500}})
    effects = customers.effects(change)
    (outcome,) = customers.write(change)
    assert (outcome.end, customers.effects(change)) == (End.CONFLICTED, effects)


def test_a_deleted_customer_is_not_written(customers: Customers) -> None:
    change = customers.change(city="Bremen")
    customers.bench.desk.delete(customers.resource, str(change.key))
    (outcome,) = customers.write(change)
    assert (outcome.end, "deleted" in outcome.message) == (End.CONFLICTED, True)


def test_a_refusal_tells_the_vendors_reason_without_the_value(customers: Customers) -> None:
    (outcome,) = customers.write(customers.change(email="nobody at nowhere"))
    assert (outcome.end, outcome.message) == (End.REJECTED, "email_invalid: Invalid email address: …")
