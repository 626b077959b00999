"""The sender counts its runs anew: the newest file is the one that was made last, and no order is swallowed."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from concord.contract import Window
from concord.errors import BatchError
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection
from concord.testing.bench import keys_of, read_all
from sandbox.vendors.ibm_i.host import KINDS, Host

SYSTEM = system("ibm_i")
ORDERS, CUSTOMERS = SYSTEM.resource("orders"), SYSTEM.resource("customers")
NEW = datetime(2026, 11, 28, 22, tzinfo=UTC)
NIGHT = Window(NEW - timedelta(days=1), NEW + timedelta(hours=3))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    for folder in ("out", "in", "taken"):
        (tmp_path / folder).mkdir()
    found = Host(tmp_path, ZoneInfo("UTC"))
    for number in range(3, 14):
        made_at = datetime(2026, 10, 31, 23, 5, tzinfo=UTC) - timedelta(weeks=13 - number)
        found.write_run("orders", number, made_at, [order(700000 + number)])
        found.write_run("customers", number, made_at, [customer("Old name")])
    return found


def order(number: int) -> dict[str, Any]:
    return {
        "order_number": number,
        "customer_number": 10015,
        "customer_reference": "REF",
        "ordered_at": "2026-10-01T09:00:00Z",
        "status": "O",
        "currency_code": "EUR",
        "total_amount": "10.00",
        "lines": [],
    }


def customer(name: str) -> dict[str, Any]:
    return {"customer_number": 10015, "company_name": name, "credit_limit": "0", "balance_due": "0"}


def session_of(host: Host, **extra: str) -> HttpSession:
    return HttpSession(Connection("ibm_i_default", f"file://{host.folder}", extra=extra), FileLogin())


def read(host: Host, window: Window | None = NIGHT, **extra: str) -> list[Mapping[str, Any]]:
    return list(read_all(session_of(host, **extra), ORDERS, window))


def names(host: Host) -> list[str]:
    return [str(record["CUSNAM"]) for record in read_all(session_of(host), CUSTOMERS)]


def redate(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_the_newest_full_file_is_the_one_that_was_made_last(host: Host) -> None:
    host.write_run("customers", 1, NEW, [customer("New name")])
    assert names(host) == ["New name"]


def test_a_run_number_met_twice_with_other_content_names_both_files(host: Host) -> None:
    path = host.write_run("orders", 3, NEW, [order(777001), order(777002), order(777003)])
    with pytest.raises(BatchError, match="both say they are run 3, and differ") as caught:
        read(host)
    old = host.runs(KINDS["orders"], "out")[0]
    assert path.name in caught.value.message
    assert old.name in caught.value.message
    assert "count anew" in caught.value.message


def test_a_full_file_with_a_number_met_before_names_both_files(host: Host) -> None:
    path = host.write_run("customers", 3, NEW, [customer("New name")])
    with pytest.raises(BatchError, match="both say they are run 3, and differ") as caught:
        names(host)
    assert path.name in caught.value.message


def test_after_the_files_of_the_earlier_count_went_the_new_ones_are_read(host: Host) -> None:
    for path in host.runs(KINDS["orders"], "out"):
        path.unlink()
    host.write_run("orders", 3, NEW, [order(777001), order(777002), order(777003)])
    assert keys_of(ORDERS, read(host)) == ["777001", "777002", "777003"]


def test_a_new_count_beside_the_old_one_is_read(host: Host) -> None:
    host.write_run("orders", 1, NEW, [order(777001)])
    host.write_run("orders", 2, NEW + timedelta(hours=1), [order(777002)])
    assert keys_of(ORDERS, read(host)) == ["777001", "777002"]


def test_a_run_that_is_missing_after_the_restart_is_missed(host: Host) -> None:
    host.write_run("orders", 2, NEW, [order(777002)])
    with pytest.raises(BatchError, match=r"Run 1 of ORDERS is missing between 13 and 2 \(ORDERS_20261031"):
        read(host)
    assert keys_of(ORDERS, read(host, orders_absent_runs="1")) == ["777002"]


def test_a_run_sent_again_with_the_same_content_is_read_once(host: Host) -> None:
    old = host.runs(KINDS["orders"], "out")[4]
    again = old.with_name(f"ORDERS_{NEW:%Y%m%d_%H%M%S}_{old.name[-10:]}")
    again.write_bytes(old.read_bytes())
    redate(again, NEW)
    assert read(host) == []
    assert len(read(host, None)) == 11
    assert names(host) == ["Old name"]


def test_of_the_newest_answers_that_of_the_new_count_comes_first(host: Host) -> None:
    changed = order(700013) | {"status": "X"}
    host.write_run("orders", 1, NEW, [changed])
    pages = ORDERS.read.read_matching(session_of(host), ORDERS, "order_number", ["700013"])
    assert [b'"STATUS":"X"' in bytes(raw) for page in pages for raw in page] == [True]


def test_a_file_that_came_late_is_read_by_the_window_in_which_it_came(host: Host) -> None:
    path = host.write_run("orders", 14, NEW - timedelta(days=20), [order(777001)])
    redate(path, NEW)
    assert keys_of(ORDERS, read(host)) == ["777001"]


def test_a_clock_of_the_sender_that_is_years_ahead_does_not_stop_later_files(host: Host) -> None:
    path = host.write_run("customers", 14, datetime(2036, 1, 1, tzinfo=UTC), [customer("Ahead")])
    redate(path, NEW - timedelta(days=7))
    orders = host.write_run("orders", 14, datetime(2036, 1, 1, tzinfo=UTC), [order(777001)])
    redate(orders, NEW)
    assert names(host) == ["Ahead"]
    (found,) = read(host)
    assert found["run"]["made_at"] == "2026-11-28T22:00:00Z"
    host.write_run("customers", 15, NEW, [customer("New name")])
    assert names(host) == ["New name"]


def test_a_full_file_whose_clock_was_set_back_is_not_swallowed(host: Host) -> None:
    path = host.write_run("customers", 14, datetime(2020, 1, 1, tzinfo=UTC), [customer("New name")])
    redate(path, NEW)
    with pytest.raises(BatchError, match="higher number, but an earlier time") as caught:
        names(host)
    assert path.name in caught.value.message
