"""Large windows of the CRM are read by bulk jobs; a failed job is reported, and nothing of it lands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from concord.contract import Resource, Window
from concord.errors import ServerError
from concord.protocols.repair import MARK, as_received
from concord.protocols.values import Record, value_at
from concord.registry import system
from concord.systems.salesforce.bulk_csv import read_page
from concord.testing.bench import by_key, read_all
from tests.systems.crm import Crm, crm

__all__ = ["crm"]
WHOLE = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def plain(resource: Resource, record: Record) -> dict[str, Any]:
    """The declared values; a stamp as a moment, whichever way its zone is written."""
    values = {item.name: value_at(record, item) for item in resource.fields}
    return {**values, "updated_at": datetime.fromisoformat(str(values["updated_at"]))}


@pytest.mark.parametrize("name", ["accounts", "contacts", "orders"])
def test_a_bulk_job_reads_what_small_pages_read(crm: Crm, name: str) -> None:
    resource = crm.resource(name)
    small = read_all(crm.session(), resource, WHOLE)
    large = read_all(crm.bulk_session(), resource, WHOLE)
    assert (crm.calls("bulk_query"), len(small) > 50, crm.jobs_left("query")) == (1, True, 0)
    assert len(large) == len(small)
    assert {key: plain(resource, item) for key, item in by_key(resource, large).items()} == {
        key: plain(resource, item) for key, item in by_key(resource, small).items()
    }
    assert crm.calls("bulk_query_results") == -(-len(small) // 50)


def test_a_small_window_costs_no_job(crm: Crm) -> None:
    resource = crm.resource("orders")
    stamps = sorted(plain(resource, item)["updated_at"] for item in read_all(crm.session(), resource))
    window = Window(stamps[0], stamps[0] + timedelta(seconds=1))
    assert 1 <= len(read_all(crm.bulk_session(), resource, window)) <= 20
    assert crm.calls("bulk_query") == 0


def test_with_a_limit_of_nothing_every_window_is_a_job(crm: Crm) -> None:
    resource = crm.resource("orders")
    empty = Window(datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC))
    assert len(read_all(crm.session(bulk_read_above="0"), resource, WHOLE)) > 50
    assert read_all(crm.session(bulk_read_above="0"), resource, empty) == []
    assert (crm.calls("bulk_query"), crm.calls("query:Order")) == (2, 0)


def test_a_window_read_by_a_job_keeps_to_its_bounds(crm: Crm) -> None:
    resource = crm.resource("orders")
    stamps = sorted(plain(resource, item)["updated_at"] for item in read_all(crm.session(), resource))
    start, end = stamps[10].replace(microsecond=0), stamps[-10].replace(microsecond=0)
    window = Window(start, end)
    inside = [stamp for stamp in stamps if start <= stamp < end]
    assert len(read_all(crm.bulk_session(), resource, window)) == len(inside) > 20
    assert crm.calls("bulk_query") == 1


def test_columns_in_another_order_a_mark_and_other_line_ends_change_nothing(crm: Crm) -> None:
    resource = crm.resource("accounts")
    before = read_all(crm.bulk_session(), resource, WHOLE)
    crm.limit(fault={"kind": "dressed"})
    dressed = read_all(crm.bulk_session(), resource, WHOLE)
    assert by_key(resource, dressed) == by_key(resource, before)
    assert len(before) > 50


def file_of(resource: Resource, rows: list[list[bytes]]) -> bytes:
    names = [field.path.encode() for field in resource.fields]
    return b"".join(b'"%b"\n' % b'","'.join(row) for row in [names, *rows])


def test_bytes_of_another_code_page_in_any_column_set_aside_their_record_alone() -> None:
    resource = system("salesforce").resource("contacts")
    count = len(resource.fields)
    rows = [[b"Zo\xeb" if at == number else b"7" for at in range(count)] for number in range(count + 1)]
    *damaged, whole = [bytes(raw) for raw in read_page(resource, file_of(resource, rows))]
    assert len(damaged) == count
    assert all(b"Zo\xeb" in as_received(raw) for raw in damaged)
    assert MARK not in whole


def test_rows_side_by_side_whose_quotes_do_not_match_are_as_many_records_as_the_vendor_announces() -> None:
    resource = system("salesforce").resource("contacts")
    whole, broken = [b"7"] * len(resource.fields), [b"8"] * (len(resource.fields) - 1) + [b'9"x']
    content = file_of(resource, [whole, broken, broken, whole])
    marked = [MARK in bytes(raw) for raw in read_page(resource, content, 4)]
    assert marked == [False, False, True, True]


def test_a_file_that_is_cut_off_is_asked_for_again(crm: Crm) -> None:
    resource = crm.resource("accounts")
    before = read_all(crm.bulk_session(), resource, WHOLE)
    crm.limit(fault={"kind": "cut", "files": 2})
    assert by_key(resource, read_all(crm.bulk_session(), resource, WHOLE)) == by_key(resource, before)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "cut", "files": 3}, "came broken 3 times.*nothing was kept, run the task again"),
        ({"kind": "failed"}, "QUERY_TIMEOUT.*run the task again, or read shorter windows"),
        ({"kind": "aborted"}, "somebody aborted it; run the task again"),
        ({"kind": "stuck"}, "does not come to an end.*abort it there if it is stuck"),
    ],
    ids=["cut", "failed", "aborted", "stuck"],
)
def test_a_job_without_a_whole_result_says_what_to_do(crm: Crm, fault: dict[str, Any], says: str) -> None:
    crm.limit(fault=fault)
    with pytest.raises(ServerError, match=says):
        read_all(crm.bulk_session(), crm.resource("accounts"), WHOLE)
    assert crm.jobs_left("query") == 0


def test_a_job_of_which_the_reader_gives_up_midway_is_cleared_away(crm: Crm) -> None:
    pages = crm.resource("contacts").read.read_window(crm.bulk_session(), crm.resource("contacts"), WHOLE)
    assert len(next(pages)) == 50
    pages.close()
    assert crm.jobs_left("query") == 0
