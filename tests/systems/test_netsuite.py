"""Reading from NetSuite: signed logins, time zones, the row limit of a query, the limit of concurrent calls."""

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from concord.contract import Window
from concord.errors import AuthenticationError, ConfigurationError
from concord.testing.bench import RETRY_LIMITS, Bench, keys_of, read_all
from tests.systems.ledger import create, customers, decoded, ledger, set_limits, with_extra, write

__all__ = ["ledger"]
WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)


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
    retry_limits = replace(RETRY_LIMITS, attempts=12, first_wait=0.05)
    resource, sessions = (
        ledger.system.resource("items"),
        [ledger.session(retry_limits=retry_limits) for _ in range(3)],
    )
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda session: read_all(session, resource, size=10), sessions))
    assert [len(records) for records in found] == [40, 40, 40]
    assert sum(session.statistics.retries for session in sessions) > 0


def prices(bench: Bench) -> list[Decimal]:
    items = bench.system.resource("items")
    return [Decimal(str(record["baseprice"])) for record in read_all(bench.session(), items)]


def test_the_account_says_at_which_price_level_and_in_which_currency_the_shop_sells(ledger: Bench) -> None:
    base = prices(ledger)
    assert len(base) == 40
    dealers = prices(with_extra(ledger, price_level_id="2"))
    dollars = prices(with_extra(ledger, price_currency_id=2))
    assert all(abs(low - high * Decimal("0.75")) < 1 for low, high in zip(dealers, base, strict=True))
    assert all(abs(high - low * Decimal("1.1")) < 1 for low, high in zip(base, dollars, strict=True))
    assert base != dealers


def test_a_price_level_that_is_no_internal_id_reaches_no_query(ledger: Bench) -> None:
    calls = ledger.desk.calls()
    with pytest.raises(ConfigurationError, match="price_level_id"):
        prices(with_extra(ledger, price_level_id="1 OR 1 = 1"))
    assert ledger.desk.calls() == calls
