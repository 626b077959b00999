"""The check before the first night, against every system: what is in order, and what is not, is said."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from concord.contract import Field, Finding, Kind, Level, Resource, System
from concord.protocols.describing import NotDescribed
from concord.stages.check.check_system import SystemCheck
from concord.stages.extract.account import compare_account
from concord.store.engine import Database
from tests.systems.bench import Bench, SandboxDesk
from tests.systems.benches import facts_of, systems_on_benches
from tests.systems.redeclared import with_field

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
DESCRIBED = [
    item.name
    for item in systems_on_benches()
    if not all(isinstance(resource.read, NotDescribed) for resource in item.resources)
]
CLOCKLESS = ("ibm_i", "oscar")  # a server of files names no time, and the clock of a real shop is left alone
SANDBOXES = ["fedex", "hubspot", "klaviyo", "netsuite", "salesforce", "sap", "shopify", "stripe"]


def check(
    bench: Bench, url: str = "", *, system: System | None = None, password: str | None = None
) -> list[Finding]:
    database = Database(url) if url else None
    return SystemCheck(bench.session(password=password), system or bench.system, database).run()


def failing(findings: Sequence[Finding]) -> list[Finding]:
    return [item for item in findings if item.level is Level.FAILS]


def of(findings: Sequence[Finding], subject: str, resource: str | None = None) -> list[Finding]:
    return [item for item in findings if item.subject == subject and resource in (None, item.resource)]


def first_of(name: str, system: System) -> Resource:
    return system.resource(facts_of(name).dispensable or facts_of(name).first)


def with_resource(system: System, resource: Resource) -> System:
    """The system with this resource alone."""
    return replace(system, resources=(resource,))


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_account_in_order_fails_nothing(bench: FindBench, database: str, name: str) -> None:
    found = bench(name)
    findings = check(found, database)
    assert failing(findings) == []
    assert (findings[0].level, findings[0].subject) == (Level.OK, "login")
    pages = of(findings, "page")
    assert [item.resource for item in pages] == [item.name for item in found.system.resources]
    assert [item for item in pages if item.level is not Level.OK or " the declaration" not in item.sentence] == []


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name not in ("kiosk", "oscar")])
def test_a_login_that_is_refused_is_one_finding_and_ends_the_check(
    bench: FindBench, database: str, name: str
) -> None:
    found = bench(name)
    findings = check(found, database, password="not this one")
    assert [(item.level, item.subject) for item in failing(findings)] == [(Level.FAILS, "login")]
    assert findings[0].sentence.endswith(found.system.account.login_help)
    assert of(findings, "page") == []
    assert "not this one" not in str(findings)


def dispensable(resource: Resource) -> Field:
    """A field of text without which the resource can be read and written."""
    named = {resource.key, resource.modified, resource.deleted, *resource.guards, *resource.natural_key}
    named |= {item.form.beside for item in resource.fields}
    heads = [item.parts[0] if len(item.parts) == 1 else item.path for item in resource.fields]
    return next(
        item
        for item in resource.fields
        if item.kind is Kind.TEXT and not item.required and item.name not in named and heads.count(item.path) == 1
    )


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_field_that_is_gone_fails_before_a_page_is_read(bench: FindBench, database: str, name: str) -> None:
    found = bench(name)
    resource = first_of(name, found.system)
    item = dispensable(resource)
    missing = found.desk.lack(resource, item)
    findings = check(found, database, system=with_resource(found.system, missing))
    (lacking,) = of(findings, "fields")
    assert (lacking.level, lacking.resource) == (Level.FAILS, resource.name)
    assert f"({item.name})" in lacking.sentence
    assert of(findings, "page") == []


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_optional_field_that_is_not_there_is_a_note(bench: FindBench, database: str, name: str) -> None:
    found = bench(name)
    resource = first_of(name, found.system)
    item = dispensable(resource)
    optional = with_field(resource, replace(item, optional=True))
    missing = found.desk.lack(optional, optional.field(item.name))
    findings = check(found, database, system=with_resource(found.system, missing))
    (lacking,) = of(findings, "fields")
    assert lacking.level is Level.NOTE
    assert f"for {resource.name}: {item.name} is not read and not written" in lacking.sentence
    assert [item.level for item in of(findings, "page")] == [Level.OK]


@pytest.mark.parametrize("name", SANDBOXES)
def test_what_may_not_be_read_fails_with_the_vendors_words_and_what_to_do(
    bench: FindBench, database: str, name: str
) -> None:
    found = bench(name)
    assert isinstance(found.desk, SandboxDesk)
    match = {"operation": found.desk.habits.operations["read"]}
    found.desk.server.control("faults", {"match": match, "fault": {"kind": "denied"}, "times": None})
    findings = check(found, database)
    assert findings[0].level is Level.OK, "the login is accepted all the same"
    pages = of(findings, "page")
    refused = [item for item in pages if item.level is Level.FAILS]
    assert refused
    assert all(item.sentence.endswith(found.system.account.refused_help) for item in refused)
    assert len(pages) == len(found.system.resources), "the others are looked at all the same"


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name not in CLOCKLESS])
def test_a_clock_that_differs_is_a_note(bench: FindBench, name: str) -> None:
    found = bench(name)
    small = with_resource(found.system, first_of(name, found.system))
    before = of(check(found, system=small), "clock")
    found.desk.put_clock_back(3600)
    after = of(check(found, system=small), "clock")
    assert [item.level for item in before] == [Level.OK]
    assert [item.level for item in after] == [Level.NOTE]
    assert "60 minutes behind ours" in after[0].sentence


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
    [("sap", r"\$metadata$", 4), ("hubspot", "/properties/", 3), ("salesforce", "/describe$", 3)],
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
