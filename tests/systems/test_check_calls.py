"""Which calls a check before the first night makes, and what it counts of the records that it sees."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from concord.contract import Level
from concord.stages.extract.account import compare_account
from concord.testing.bench import Bench
from concord.testing.sandbox_desk import SandboxDesk
from concord.testing.suite.test_checks import check, of, with_resource

FindBench = Callable[[str], Bench]


def test_records_that_would_be_set_aside_are_counted_by_their_reason_and_not_shown(
    bench: FindBench, database: str
) -> None:
    found = bench("hubspot")
    deals = found.system.resource("deals")
    page = next(deals.read.read_window(found.session(), deals, None))
    records = [found.desk.raw(deals, msgspec.json.decode(raw)["id"]) for raw in page[:2]]
    for record in records:
        found.desk.fill(deals, record["id"], {"properties.amount": "a secret sum"})
    (told,) = of(check(found, database, system=with_resource(found.system, deals)), "page")
    for record in records:
        found.desk.fill(deals, record["id"], {"properties.amount": record["properties"]["amount"]})
    assert told.level is Level.NOTE
    assert "2 of them would be set aside: amount is not a number (2)" in told.sentence
    assert "secret" not in told.sentence


def log_of(bench: Bench) -> list[dict[str, Any]]:
    """The calls that a sandbox has had since the reset."""
    assert isinstance(bench.desk, SandboxDesk)
    return list(bench.desk.server.control("log"))


def calls_of(bench: Bench, path: str) -> int:
    return len([entry for entry in log_of(bench) if re.search(path, entry["path"])])


@pytest.mark.parametrize(
    ("name", "path", "times"),
    [("sap", r"\$metadata$", 5), ("hubspot", "/properties/", 3), ("salesforce", "/describe$", 3)],
)
def test_a_session_asks_once_for_each_description(bench: FindBench, name: str, path: str, times: int) -> None:
    found = bench(name)
    found.desk.reset()
    session = found.session()
    for resource in (*found.system.resources, *found.system.resources):
        assert compare_account(session, resource).is_described
    assert calls_of(found, path) == times
    compare_account(found.session(), found.system.resources[0])
    assert calls_of(found, path) == times + 1, "another session asks anew"


def test_a_look_at_pages_fetches_no_second_one(bench: FindBench, database: str) -> None:
    found = bench("sap")  # whose pages hold ten records of forty and more
    found.desk.reset()
    assert len(of(check(found, database), "page")) == len(found.system.resources)
    reads = [
        entry
        for entry in log_of(found)
        if entry["operations"][0].startswith("read:") and not entry["path"].endswith("$metadata")
    ]
    assert len(reads) == len(found.system.resources)


def test_much_is_looked_at_without_a_bulk_job(bench: FindBench, database: str) -> None:
    for name, bulk in (("salesforce", "/jobs/"), ("shopify", "bulk")):
        found = bench(name)
        found.desk.reset()
        small = replace(found.connection, extra={**found.connection.extra, "bulk_read_above": 0})
        findings = check(replace(found, connection=small), database)
        assert [item.level for item in of(findings, "page")] == [Level.OK] * len(found.system.resources)
        assert not [entry for entry in log_of(found) if bulk in f"{entry['path']} {entry['operations']}"]
