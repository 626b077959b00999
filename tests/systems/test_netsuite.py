"""What NetSuite alone demands: signed logins, its own times, the end of a query, jobs and their keys."""

import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from concord.contract import Change, End, Outcome, Resource, Window
from concord.errors import AuthenticationError, ConfigurationError
from concord.http.guards import Record, decode_record, value_at
from tests.systems.bench import PATIENCE, Bench, by_key, keys_of, read_all

WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(bench: Callable[[str], Bench]) -> Bench:
    return bench("netsuite")


def set_limits(ledger: Bench, **limits: object) -> None:
    ledger.desk.server.control("limits", limits)  # type: ignore[attr-defined]


def attempts(ledger: Bench) -> Mapping[str, int]:
    return dict(ledger.desk.server.control("counts")["attempts"])  # type: ignore[attr-defined]


def effects(ledger: Bench) -> Mapping[str, int]:
    return dict(ledger.desk.server.control("counts")["effects"])  # type: ignore[attr-defined]


def plant(ledger: Bench, operation: str, fault: Mapping[str, object], times: int | None = 1) -> None:
    rule = {"match": {"operation": operation}, "fault": fault, "times": times}
    ledger.desk.server.control("faults", rule)  # type: ignore[attr-defined]


def with_extra(ledger: Bench, **extra: object) -> Bench:
    connection = replace(ledger.connection, extra={**ledger.connection.extra, **extra})
    return replace(ledger, connection=connection)


def updates(ledger: Bench, count: int, after: Mapping[str, object]) -> list[Change]:
    """Updates of the last customers, with the guard as a plan would have read it."""
    resource = ledger.system.resource("customers")
    records = by_key(resource, read_all(ledger.session(), resource))
    assert len(records) >= count
    stamp = resource.field("updated_at")
    return [
        Change(f"{key}-{after}", key, "update", {}, after, {"updated_at": value_at(record, stamp)})
        for key, record in list(records.items())[-count:]
    ]


def create(number: int, **changed: object) -> Change:
    values = {"is_person": False, "company_name": f"Werk {number}", "concord_id": f"CUS-{number}", **changed}
    return Change(f"create-{number}-{changed}", None, "create", {}, values, {})


def write(ledger: Bench, changes: list[Change], resource: Resource | None = None) -> list[Outcome]:
    resource = resource or ledger.system.resource("customers")
    assert resource.writes is not None
    outcomes = resource.writes.writer.write(ledger.session(), resource, changes)
    order = [change.change_id for change in changes]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.change_id))


def customers(ledger: Bench) -> Mapping[str, Record]:
    resource = ledger.system.resource("customers")
    return by_key(resource, read_all(ledger.session(), resource))


def test_a_token_is_renewed_by_the_clock_that_the_answer_gives_as_text(ledger: Bench) -> None:
    session, resource = ledger.session(), ledger.system.resource("items")
    read_all(session, resource)
    calls = ledger.desk.calls()
    read_all(session, resource)
    assert ledger.desk.calls() == calls + 1
    set_limits(ledger, token_lifetime=60)
    session, calls = ledger.session(), ledger.desk.calls()
    read_all(session, resource)
    read_all(session, resource)
    assert ledger.desk.calls() == calls + 4


def rsa_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public


def test_the_signature_follows_the_kind_of_key_also_when_its_lines_are_spelled_out(ledger: Bench) -> None:
    private, public = rsa_key()
    set_limits(ledger, certificates={"rsa": public})
    other = with_extra(ledger, certificate_id="rsa")
    session = other.session(password=private.replace("\n", "\\n"))
    assert len(read_all(session, ledger.system.resource("items"))) == 40


def test_another_ones_key_is_refused(ledger: Bench) -> None:
    private, _ = rsa_key()
    with pytest.raises(AuthenticationError, match="netsuite_default"):
        read_all(ledger.session(password=private), ledger.system.resource("items"))


@pytest.mark.parametrize("name", ["certificate_id", "time_zone"])
def test_what_the_connection_must_say_is_asked_for_by_name(ledger: Bench, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_all(with_extra(ledger, **{name: ""}).session(), ledger.system.resource("items"))


@pytest.mark.parametrize("size", [10, 20])
def test_nothing_is_lost_behind_the_last_row_of_a_query(ledger: Bench, size: int) -> None:
    set_limits(ledger, row_limit=20)
    resource = ledger.system.resource("inventory_levels")
    keys = keys_of(resource, read_all(ledger.session(), resource, size=size))
    assert len(keys) == len(set(keys)) == ledger.desk.count(resource) == 40


@pytest.mark.parametrize("name", ["O'Brien's \"Best\" %", "x'; DROP TABLE customer --"])
def test_what_a_name_holds_never_changes_the_query(ledger: Bench, name: str) -> None:
    (made,) = write(ledger, [create(len(name), company_name=name)])
    resource = ledger.system.resource("customers")
    pages = resource.read.read_matching(ledger.session(), resource, "company_name", [name, "nobody"])
    assert [keys_of(resource, decoded(resource, page)) for page in pages] == [[made.key]]


def test_a_record_deleted_while_pages_are_read_takes_no_other_along(ledger: Bench) -> None:
    resource = ledger.system.resource("customers")
    made = write(ledger, [create(901)])[0].key
    others = [key for key in customers(ledger) if key != made]
    moved = others[0]
    pages = replace(resource.read, size=10).read_window(ledger.session(), resource, None)  # type: ignore[type-var]
    seen = keys_of(resource, decoded(resource, next(pages)))
    ledger.desk.delete(resource, moved)
    for page in pages:
        seen += keys_of(resource, decoded(resource, page))
    assert moved in seen
    assert set(others) <= set(seen)


def decoded(resource: Resource, page: list[Any]) -> list[Record]:
    return [decode_record(resource, raw) for raw in page]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati", "GMT"])
@pytest.mark.parametrize("name", ["customers", "sales_orders"])
def test_records_are_the_same_in_every_zone_and_way_to_write_a_date(ledger: Bench, zone: str, name: str) -> None:
    resource = ledger.system.resource(name)
    before = read_all(ledger.session(), resource, WHOLE)
    set_limits(ledger, time_zone=zone, date_format="DD.MM.YYYY")
    abroad = with_extra(ledger, time_zone=zone)
    assert read_all(abroad.session(), resource, WHOLE) == before
    middle = datetime.fromisoformat(str(before[len(before) // 2]["lastmodifieddate"]))
    halves = [Window(WHOLE.start, middle), Window(middle, WHOLE.end)]
    keys = [keys_of(resource, read_all(abroad.session(), resource, half)) for half in halves]
    assert all(keys)
    assert sorted(keys[0] + keys[1]) == sorted(keys_of(resource, before))


def test_the_hour_that_comes_twice_is_read_once_and_not_lost(ledger: Bench) -> None:
    resource = ledger.system.resource("items")
    first, second = keys_of(resource, read_all(ledger.session(), resource))[:2]
    turn = datetime(2026, 10, 25, 1, tzinfo=UTC)
    put_stamps(ledger, {first: "2026-10-25T00:30:00Z", second: "2026-10-25T01:30:00Z"})
    around = [turn - 2 * HOUR, turn - HOUR, turn - HOUR / 2, turn, turn + HOUR / 2, turn + HOUR, turn + 2 * HOUR]
    windows = [Window(start, end) for start, end in itertools.pairwise(around)]
    found = [keys_of(resource, read_all(ledger.session(), resource, window)) for window in windows]
    times = [key for keys in found for key in keys]
    assert (times.count(first), times.count(second)) == (1, 1)


def put_stamps(ledger: Bench, stamps: Mapping[str, str]) -> None:
    control = ledger.desk.server.control  # type: ignore[attr-defined]
    records = [
        {**control(f"records/items/one?id={key}"), "lastModifiedDate": stamp} for key, stamp in stamps.items()
    ]
    control("put", {"resource": "items", "records": records})


def test_calls_beyond_the_concurrency_wait_though_nobody_says_how_long(ledger: Bench) -> None:
    set_limits(ledger, concurrency=1, work_seconds=0.05)
    patience = replace(PATIENCE, attempts=12, first_wait=0.05)
    resource, sessions = ledger.system.resource("items"), [ledger.session(patience=patience) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda session: read_all(session, resource, size=10), sessions))
    assert [len(records) for records in found] == [40, 40, 40]
    assert sum(session.statistics.retries for session in sessions) > 0


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
    plant(ledger, "^result$", {"kind": "status", "status": 500}, PATIENCE.attempts)
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
    resource = ledger.system.resource("sales_order_lines")
    found = [line for line in read_all(ledger.session(), resource) if line["orderid"] == made.key]
    assert [(line["item"], line["quantity"], line["rate"]) for line in found] == [(item, "-3", "7.5")]
