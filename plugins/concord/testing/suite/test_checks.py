"""The check before the first night, against every system: what is in order, and what is not, is said."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from concord.contract import Field, Finding, Kind, Level, Resource, System
from concord.protocols.describing import NotDescribed
from concord.stages.check.check_system import SystemCheck
from concord.store.engine import Database
from concord.testing.bench import Bench, told
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.redeclared import with_field
from concord.testing.sandbox_desk import SandboxDesk

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
DESCRIBED = [
    item.name
    for item in systems_on_benches()
    if not all(isinstance(resource.read, NotDescribed) for resource in item.resources)
]


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


@pytest.mark.parametrize("name", SYSTEMS)
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


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_may_not_be_read_fails_with_the_vendors_words_and_what_to_do(
    bench: FindBench, database: str, name: str
) -> None:
    found = bench(name)
    if not isinstance(found.desk, SandboxDesk):
        pytest.skip("only a vendor of the sandbox denies what it is told to deny")
    match = {"operation": told(found.desk.habits.operations, "read", "operations")}
    found.desk.server.control("faults", {"match": match, "fault": {"kind": "denied"}, "times": None})
    findings = check(found, database)
    assert findings[0].level is Level.OK, "the login is accepted all the same"
    pages = of(findings, "page")
    refused = [item for item in pages if item.level is Level.FAILS]
    assert refused
    assert all(item.sentence.endswith(found.system.account.refused_help) for item in refused)
    assert len(pages) == len(found.system.resources), "the others are looked at all the same"


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_clock_that_differs_is_a_note(bench: FindBench, name: str) -> None:
    found = bench(name)
    small = with_resource(found.system, first_of(name, found.system))
    before = of(check(found, system=small), "clock")
    found.desk.put_clock_back(3600)
    after = of(check(found, system=small), "clock")
    assert [item.level for item in before] == [Level.OK]
    assert [item.level for item in after] == [Level.NOTE]
    assert "60 minutes behind ours" in after[0].sentence
