"""HubSpot's peculiarities: a capped search with a lagging index, merges, batches with trace ids, named limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from concord.contract import Change, ChangedBetween, End, Outcome, Resource, Window
from concord.errors import RateLimitError, ServerError
from concord.protocols.session.client import HttpSession
from concord.protocols.session.retries import RetryLimits
from concord.protocols.values import decode_record, value_at
from concord.testing.bench import Bench, by_key, keys_of, read_all
from concord.testing.open_benches import FindBench

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE = Window(BEGUN, datetime(2027, 1, 1, tzinfo=UTC))


@dataclass
class Account:
    """The account, its contacts, and the seconds that its sessions have waited."""

    bench: Bench
    contacts: Resource
    waits: list[float]

    def control(self, path: str, body: object) -> dict[str, object]:
        return self.bench.desk.server.control(path, body)  # type: ignore[attr-defined,no-any-return]

    def session(self) -> HttpSession:
        return self.bench.session(retry_limits=RetryLimits(sleep=self.waits.append))

    def read(self, window: Window | None = WHOLE) -> list[str]:
        return keys_of(self.contacts, read_all(self.session(), self.contacts, window))

    def live(self) -> dict[str, Mapping[str, object]]:
        records = by_key(self.contacts, read_all(self.session(), self.contacts))
        return {key: record for key, record in records.items() if not record["archived"]}

    def update(self, key: str, **after: object) -> Change:
        stamp = value_at(self.live()[key], self.contacts.field("updated_at"))
        return Change(f"change-{key}", key, "update", {}, after, {"updated_at": stamp})

    def archive(self, key: str) -> Change:
        return replace(self.update(key, is_archived=True), action="archive")

    def write(self, *changes: Change, unique: str = "concord_id") -> list[Outcome]:
        assert self.contacts.writes is not None
        writes = replace(self.contacts.writes, natural_key=(unique,))
        contacts = replace(self.contacts, writes=writes)
        ended = writes.writer.write(self.session(), contacts, changes)
        order = [change.change_id for change in changes]
        return sorted(ended, key=lambda outcome: order.index(outcome.change_id))


@pytest.fixture
def account(bench: FindBench) -> Account:
    found = bench("hubspot")
    return Account(found, found.system.resource("contacts"), [])


def create(number: int, **values: object) -> Change:
    after = {"concord_id": f"CUS-H{number}", "last_name": f"New {number}", **values}
    return Change(f"create-{number}", None, "create", {}, after, {})


def test_a_window_of_more_than_a_search_shows_is_read_whole(account: Account) -> None:
    expected = account.read()
    account.control("limits", {"search_cap": 20})
    reader = replace(account.contacts.read, search_size=7)  # type: ignore[type-var]
    small = replace(account.contacts, read=reader)
    keys = keys_of(small, read_all(account.session(), small, WHOLE))
    assert keys == expected
    assert len(keys) > 5 * 20


def test_an_empty_page_of_a_search_that_goes_on_is_no_end(account: Account) -> None:
    account.control("faults", {"match": {"operation": "^search"}, "fault": {"kind": "empty_page"}})
    reader = replace(account.contacts.read, search_size=7)  # type: ignore[type-var]
    small = replace(account.contacts, read=reader)
    with pytest.raises(ServerError, match="more follow"):
        read_all(account.session(), small, WHOLE)


def test_what_the_index_did_not_show_yet_comes_with_the_overlap(account: Account) -> None:
    key = next(iter(account.live()))
    account.bench.desk.touch(account.contacts, key)
    now = datetime.now(UTC)
    tonight = Window(now - timedelta(hours=1), now + timedelta(seconds=1))
    account.control("limits", {"index_lag": 300})
    assert key not in account.read(tonight)
    account.control("limits", {"index_lag": 0})
    changes = account.contacts.changes
    assert isinstance(changes, ChangedBetween)
    assert key in account.read(Window(tonight.end - changes.overlap, tonight.end + timedelta(days=1)))


def test_an_archived_record_comes_with_the_window_it_was_archived_in(account: Account) -> None:
    key = list(account.live())[3]
    before = datetime.now(UTC)
    account.bench.desk.delete(account.contacts, key)
    after = datetime.now(UTC) + timedelta(seconds=1)
    records = by_key(account.contacts, read_all(account.session(), account.contacts, Window(before, after)))
    assert records[key]["archived"] is True
    assert key not in account.read(Window(BEGUN, before))
    # The stamp has milliseconds, and a window may begin within the millisecond in which the record was archived.
    border = datetime.fromisoformat(str(records[key]["archivedAt"])) + timedelta(microseconds=400)
    assert key in account.read(Window(border, after))
    assert key not in account.read(Window(BEGUN, border))


@pytest.mark.parametrize("has_new_id", [True, False])
def test_a_listing_of_keys_knows_what_was_merged_away(account: Account, has_new_id: bool) -> None:
    account.control("limits", {"merges_to_new_id": has_new_id})
    heir, other = list(account.live())[5:7]
    merged = str(account.control("edit", {"resource": "contacts", "id": heir, "set": {"merge": other}})["id"])
    assert (merged != heir) is has_new_id
    listed = account.contacts.read.read_keys(account.session(), account.contacts)
    assert {merged, heir, other} <= {key for keys in listed for key in keys}
    live = account.live()
    assert other not in live
    assert other in str(value_at(live[merged], account.contacts.field("merged_source_ids"))).split(";")


def test_records_are_found_by_unique_values_at_once_and_by_others_through_the_search(account: Account) -> None:
    (made,) = account.write(create(99, email="found99@example.com", city="Xanten"))
    account.control("limits", {"index_lag": 300})

    def found(name: str, *values: str) -> list[str]:
        pages = account.contacts.read.read_matching(account.session(), account.contacts, name, values)
        return keys_of(account.contacts, [decode_record(account.contacts, raw) for page in pages for raw in page])

    assert found("email", "FOUND99@example.com", "nobody@example.com") == [made.key]
    assert found("concord_id", "CUS-H99") == [made.key]
    assert found("city", "XANTEN") == []
    account.control("limits", {"index_lag": 0})
    assert found("city", "XANTEN", "Atlantis") == [made.key]


def test_a_hundred_records_go_in_one_call_whatever_the_order_of_the_results(account: Account) -> None:
    changes = [create(number, city="nowhere" if number % 2 else "Bern") for number in range(100)]
    calls = account.bench.desk.calls()
    outcomes = account.write(*changes)
    assert account.bench.desk.calls() == calls + 1
    assert {outcome.end for outcome in outcomes} == {End.CONFIRMED}
    live = account.live()
    names = [value_at(live[str(outcome.key)], account.contacts.field("concord_id")) for outcome in outcomes]
    assert names == [change.after["concord_id"] for change in changes]


def test_each_refusal_of_a_batch_finds_its_record(account: Account) -> None:
    emails = (value_at(taken, account.contacts.field("email")) for taken in account.live().values())
    email = next(email for email in emails if email)
    bad, good, twin = create(201, email="nobody"), create(202), create(203, email=email)
    outcomes = account.write(bad, good, twin, create(204, lifecycle_stage="dreamt of"))
    assert [item.end for item in outcomes] == [End.REJECTED, End.CONFIRMED, End.REJECTED, End.REJECTED]
    assert "CONFLICT: Contact already exists" in outcomes[2].message
    assert str(email) not in outcomes[2].message


def test_an_error_that_names_nobody_leaves_its_record_unknown(account: Account) -> None:
    match = {"operation": "^upsert"}
    account.control("faults", {"match": match, "fault": {"kind": "row_errors", "rows": [1], "untraced": True}})
    outcomes = account.write(create(211), create(212), create(213))
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.UNKNOWN, End.CONFIRMED]


def test_a_batch_by_email_that_is_refused_whole_is_narrowed_down(account: Account) -> None:
    changes = [create(221, email="narrow1@example.com"), create(222, email="none"), create(223, email=None)]
    outcomes = account.write(*changes, unique="email")
    assert [item.end for item in outcomes] == [End.CONFIRMED, End.REJECTED, End.REJECTED]


def test_a_locked_record_is_tried_again_after_two_seconds(account: Account) -> None:
    change = account.update(list(account.live())[8], phone="+493011112222")
    match, fault = {"operation": "^update"}, {"kind": "status", "status": 423}
    account.control("faults", {"match": match, "fault": fault, "times": 2})
    (outcome,) = account.write(change)
    assert (outcome.end, account.waits) == (End.CONFIRMED, [2.0, 2.0])


@pytest.mark.parametrize(("policy", "seconds"), [("TEN_SECONDLY_ROLLING", 10.0), ("SECONDLY", 1.0)])
def test_a_limit_is_waited_for_as_long_as_its_name_says(account: Account, policy: str, seconds: float) -> None:
    match = {"operation": "^search"}
    account.control("faults", {"match": match, "fault": {"kind": "throttle", "policy": policy}})
    assert account.read()
    assert account.waits == [seconds]


def test_the_limit_of_the_day_is_not_asked_again(account: Account) -> None:
    account.control("limits", {"daily": 0})
    calls = account.bench.desk.calls()
    with pytest.raises(RateLimitError, match="DAILY") as refused:
        account.read()
    assert (account.bench.desk.calls() - calls, account.waits) == (1, [])
    assert refused.value.retry_after == 3600


def test_what_the_limit_of_the_day_cuts_off_is_held(account: Account) -> None:
    change = account.update(list(account.live())[9], phone="+493011113333")
    used = int(str(account.control("limits", {})["used_today"]))
    account.control("limits", {"daily": used + 2})  # one call for the guard, one for the update
    updated, created = account.write(change, create(231))
    assert (updated.end, created.end) == (End.CONFIRMED, End.HELD)
    assert "DAILY" in created.message


def test_searches_keep_to_five_a_second_by_waiting(account: Account) -> None:
    account.control("limits", {"search_per_second": 5})
    session = account.bench.session(retry_limits=RetryLimits())
    reader = replace(account.contacts.read, search_size=20)  # type: ignore[type-var]
    small = replace(account.contacts, read=reader)
    keys = keys_of(small, read_all(session, small, WHOLE))
    assert len(keys) == len(set(keys)) > 100
    assert session.statistics.waited_seconds >= 1


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_the_version_in_the_path_is_the_connections(account: Account, version: str) -> None:
    connection = replace(account.bench.connection, extra={"api_version": version})
    session = replace(account.bench, connection=connection).session()
    assert keys_of(account.contacts, read_all(session, account.contacts, WHOLE)) == account.read()
    log = account.bench.desk.server.control("log")  # type: ignore[attr-defined]
    assert any(f"/{version}/" in entry["path"] for entry in log)


def archiving_calls(account: Account) -> int:
    log = account.bench.desk.server.control("log")  # type: ignore[attr-defined]
    return sum(entry["path"].endswith("/batch/archive") for entry in log)


def test_archives_go_in_a_call_of_their_own_and_once(account: Account) -> None:
    first, second = (account.archive(key) for key in list(account.live())[10:12])
    outcomes = account.write(first, account.update(list(account.live())[12], city="Bern"), second)
    assert [item.end for item in outcomes] == [End.CONFIRMED] * 3
    assert not {first.key, second.key} & set(account.live())
    calls = archiving_calls(account)
    (again,) = account.write(first)
    assert again.end is End.CONFIRMED
    assert archiving_calls(account) == calls > 0


def test_a_record_edited_since_the_plan_is_not_archived(account: Account) -> None:
    change = account.archive(list(account.live())[14])
    account.bench.desk.touch(account.contacts, str(change.key))
    (outcome,) = account.write(change)
    assert outcome.end is End.CONFLICTED
    assert change.key in account.live()


def test_an_archiving_that_did_not_happen_is_unknown(account: Account) -> None:
    change = account.archive(list(account.live())[13])
    account.control("faults", {"match": {"operation": "^archive"}, "fault": {"kind": "ignore"}})
    (outcome,) = account.write(change)
    assert (outcome.end, outcome.message) == (End.UNKNOWN, "It was sent, and the record is still there.")
