"""Reading from Stripe: windows by events, events that Stripe no longer lists, and the transactions of payouts."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from concord.contract import Resource, Window
from concord.protocols.values import Record, value_at
from concord.testing.bench import by_key, keys_of, read_all
from tests.systems.stripe_account import FAR, Account, account, changed_at, moment

__all__ = ["account"]
SECOND = timedelta(seconds=1)
FEW_SECONDS = 60 / 86_400


def test_a_record_comes_with_the_window_of_its_latest_event_and_no_other(account: Account) -> None:
    key, record = list(account.read("charges").items())[-1]
    then = Window(changed_at(record), changed_at(record) + SECOND)
    assert key in account.read("charges", then)
    account.control("edit", {"resource": "charges", "id": key, "set": {"disputed": True}})
    touched = account.read("charges", account.now())
    assert touched[key]["disputed"] is True
    assert changed_at(touched[key]) > changed_at(record)
    assert key not in account.read("charges", then)


def test_a_dispute_touches_its_charge(account: Account) -> None:
    key = [*account.read("charges")][-2]
    told = {"id": "du_1", "object": "dispute", "charge": key}
    account.control("put", {"resource": "events", "records": [event("charge.dispute.created", 1795000000, told)]})
    second = Window(moment(1795000000), moment(1795000001))
    assert list(account.read("charges", second)) == [key]


def event(kind: str, second: int, told: Mapping[str, object], number: int = 0) -> dict[str, object]:
    name = f"evt_{kind}_{second}_{told['id']}_{number}".replace(".", "_")
    return {"id": name, "object": "event", "created": second, "type": kind, "data": {"object": told}}


def test_more_events_in_one_second_than_a_page_holds_each_touch_their_record_once(account: Account) -> None:
    keys = [*account.read("charges")][:130]
    events = [event("charge.updated", 1794000000, {"id": key}, number) for key in keys for number in range(2)]
    account.control("put", {"resource": "events", "records": events})
    at, after = moment(1794000000), moment(1794000001)
    resource, session = account.resource("charges"), account.session()
    found = keys_of(resource, read_all(session, resource, Window(at, after)))
    assert sorted(found) == sorted(keys)
    half = timedelta(microseconds=500_000)
    assert read_all(session, resource, Window(at + half, after)) == []
    assert len(read_all(session, resource, Window(at - half, at + half))) == 130


def test_a_calm_night_asks_for_what_was_touched_alone(account: Account) -> None:
    keys = [*account.read("customers")][:2]
    since = datetime.now(UTC)
    for key in keys:
        account.control("edit", {"resource": "customers", "id": key, "set": {"description": "met today"}})
    window = Window(since.replace(microsecond=0), FAR)
    assert set(keys) <= set(account.read("customers", window))
    calls = account.calls(account.session(), "payouts", window)
    assert calls == {"events.list": 1, "payouts.list": 1}


def test_a_deleted_customer_comes_as_a_deletion(account: Account) -> None:
    resource = account.resource("customers")
    key = next(key for key, record in account.read("customers").items() if not record.get("deleted"))
    account.bench.desk.delete(resource, key)
    gone = account.read("customers", account.now())[key]
    assert (value_at(gone, resource.field("is_deleted")), "email" in gone) == (True, False)
    (page,) = resource.read.read_matching(account.session(), resource, "source_id", [key])
    assert b'"deleted":true' in bytes(page[0])


def test_a_window_that_events_no_longer_reach_reads_every_record(account: Account) -> None:
    live = {key for key, record in account.read("customers").items() if not record.get("deleted")}
    session = account.session(event_days=FEW_SECONDS)
    late = Window(datetime(2026, 10, 1, tzinfo=UTC), FAR)
    found = by_key(account.resource("customers"), read_all(session, account.resource("customers"), late))
    assert live <= set(found)
    assert sum(moment(found[key]["created"]) < late.start for key in live) > 20
    assert all(changed_at(record) > datetime.now(UTC) - timedelta(minutes=2) for record in found.values())


def test_a_window_before_all_events_is_read_by_creation(account: Account) -> None:
    session, resource = account.session(event_days=FEW_SECONDS), account.resource("charges")
    week = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 8, tzinfo=UTC))
    found = read_all(session, resource, week)
    assert len(found) > 20
    assert all(week.start <= moment(record["created"]) == changed_at(record) < week.end for record in found)
    assert account.calls(session, "charges", week).keys() == {"charges.list"}


def test_a_lookup_by_email_finds_the_customer(account: Account) -> None:
    resource = account.resource("customers")
    key, record = next((key, item) for key, item in account.read("customers").items() if not item.get("deleted"))
    pages = resource.read.read_matching(account.session(), resource, "email", [record["email"]])
    assert [raw for page in pages for raw in page if key.encode() in bytes(raw)]


def test_a_version_read_by_its_key_is_no_older_than_its_last_event(account: Account) -> None:
    resource = account.resource("customers")
    key = next(key for key, record in account.read("customers").items() if not record.get("deleted"))
    account.control("edit", {"resource": "customers", "id": key, "set": {"description": "now"}})
    touched = changed_at(account.read("customers", account.now())[key])
    (record,) = found_by_key(account, resource, key)
    assert timedelta(0) <= datetime.now(UTC) - changed_at(record) < timedelta(seconds=10)
    assert changed_at(record) >= touched
    assert record["_concord"]["hash"] == account.read("customers")[key]["_concord"]["hash"]


def found_by_key(account: Account, resource: Resource, *keys: str) -> list[Record]:
    pages = resource.read.read_matching(account.session(), resource, resource.key, keys)
    return [msgspec.json.decode(raw) for page in pages for raw in page]


def test_transactions_say_which_payout_took_them_and_add_up(account: Account) -> None:
    payouts, held = account.read("payouts"), account.read("balance_transactions")
    sums: Counter[str] = Counter()
    for record in held.values():
        if record["type"] != "payout" and "container" in record["_concord"]:
            sums[record["_concord"]["container"]] += record["net"]
    short = [payout["amount"] - sums[key] for key, payout in payouts.items()]
    assert len(short) > 10
    assert set(short) == {0, -1200}
    assert any("container" not in record["_concord"] for record in held.values())


def test_being_paid_out_is_a_change_of_the_transaction(account: Account) -> None:
    payout, paid = next(iter(account.read("payouts").items()))
    stamp = changed_at(paid)
    then = account.read("balance_transactions", Window(stamp, stamp + SECOND))
    members = {key for key, record in then.items() if record["_concord"].get("container") == payout}
    first = min(moment(then[key]["created"]) for key in members)
    before = account.read("balance_transactions", Window(first, stamp))
    assert len(members) > 20
    assert not members & set(before)
    key = min(members)
    (alone,) = found_by_key(account, account.resource("balance_transactions"), key)
    assert alone["_concord"]["container"] == payout


def test_payouts_older_than_all_events_still_hold_their_transactions(account: Account) -> None:
    session, resource = account.session(event_days=FEW_SECONDS), account.resource("balance_transactions")
    month = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    found = read_all(session, resource, month)
    containers = {record["_concord"].get("container") for record in found}
    assert len(containers - {None}) >= 4
    assert len(keys_of(resource, found)) == len({*keys_of(resource, found)})
