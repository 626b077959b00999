"""What an account has is known before it is read: fields that it lacks, that are gone, that changed their type."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from concord.contract import Field, Kind, Level, Resource
from concord.errors import ConfigurationError
from concord.protocols.describing import NotDescribed
from concord.protocols.session.client import HttpSession
from concord.stages.check.check_system import SystemCheck
from concord.stages.check.flows import wants_created
from concord.stages.extract.account import compare_account
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.ledger.account_fields import find_account
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.redeclared import with_field
from concord.testing.suite.test_reading import WHOLE, ids
from concord.testing.suites import find_suites

FindBench = Callable[[str], Bench]
DESCRIBED = [
    item.name
    for item in systems_on_benches()
    if not all(isinstance(resource.read, NotDescribed) for resource in item.resources)
]
SILENT = [item.name for item in systems_on_benches() if item.name not in DESCRIBED]
RESOURCES = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if item.name in DESCRIBED
]


@dataclass
class Night:
    """A resource of a system that is read and validated by one window, as often as a test asks for it."""

    bench: Bench
    resource: Resource
    url: str
    folder: Path

    def run(self, resource: Resource, session: HttpSession | None = None) -> None:
        store, system = Database(self.url), self.bench.system
        session = session or self.bench.session()
        batch = extract_window(store, session, system=system, resource=resource, window=WHOLE)
        suites = find_suites(self.folder, system, resource)
        validate_batch(store, system=system, resource=resource, batch_id=batch, suites=suites)

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        table = validated_table(self.bench.system, self.resource)
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.SQL(query).format(table=table), values).fetchall()

    def values_of(self, item: Field) -> list[tuple[object, ...]]:
        return self.ask(f'select _key, "{item.name}" from {{table}} where "{item.name}" is not null order by _key')


@pytest.fixture
def night(bench: FindBench, database: str, tmp_path: Path, name: str) -> Night:
    found = bench(name)
    resource = found.system.resource(facts_of(name).dispensable or facts_of(name).first)
    create_tables(Database(database), found.system, resource)
    return Night(found, resource, database, tmp_path)


def dispensable(night: Night) -> Field:
    """A field of text that the resource can be read and written without, and that records have."""
    resource, writes = night.resource, night.resource.writes
    assert writes is not None
    named = {resource.key, resource.modified, resource.deleted, resource.guard, *resource.natural_key}
    named |= {item.form.beside for item in resource.fields}
    assert writes is not None
    heads = [item.parts[0] if len(item.parts) == 1 else item.path for item in resource.fields]
    return next(
        item
        for item in resource.fields
        if item.kind is Kind.TEXT
        and not item.required
        and item.name not in named
        and heads.count(item.path) == 1
        and len(night.values_of(item)) > 5
    )


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_every_declared_field_is_described_as_it_is_declared(
    bench: FindBench, name: str, resource_name: str
) -> None:
    found = bench(name)
    reason = facts_of(name).undescribed.get(resource_name)
    look = compare_account(found.session(), found.system.resource(resource_name))
    assert look.is_described is (reason is None)
    declared = {
        path for item in found.system.resource(resource_name).fields for path in (item.path, item.preferred)
    }
    assert not declared & set(look.further)
    assert (look.faults, look.lacking) == ((), ())


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_field_that_no_declaration_names_is_found(bench: FindBench, name: str) -> None:
    found = bench(name)
    resource = found.system.resource(facts_of(name).dispensable or facts_of(name).first)
    heads = [item.parts[0] if len(item.parts) == 1 else item.path for item in resource.fields]
    used = {resource.key, resource.modified, resource.deleted, *resource.guards, *resource.natural_key}
    item = next(
        each
        for each in resource.fields
        if each.kind is Kind.TEXT and each.name not in used and not each.select and heads.count(each.path) == 1
    )
    fields = tuple(each for each in resource.fields if each != item)
    without = replace(resource, fields=fields, writes=None, links=None)
    look = compare_account(found.session(), without)
    assert look.further.keys() - compare_account(found.session(), resource).further.keys() == {item.path}


@pytest.mark.parametrize("name", SILENT)
def test_a_vendor_that_does_not_describe_its_fields_says_so(bench: FindBench, name: str) -> None:
    found = bench(name)
    looks = [compare_account(found.session(), resource) for resource in found.system.resources]
    assert [look.is_described for look in looks] == [False] * len(found.system.resources)


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_optional_field_that_the_account_lacks_is_not_read_and_keeps_its_value(night: Night, name: str) -> None:
    night.run(night.resource)
    item = dispensable(night)
    before = night.values_of(item)
    optional = with_field(night.resource, replace(item, optional=True))
    missing = night.bench.desk.lack(optional, optional.field(item.name))
    night.run(missing)
    assert night.values_of(item) == before
    with Database(night.url).transaction() as connection:
        account = find_account(connection, night.bench.system, missing)
    assert account.unread == {item.name}
    writes = account.resource.writes
    assert writes is not None
    assert item.name not in writes.update | writes.create


KEYED = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if item.name in DESCRIBED and any(resource.field(name).optional for name in resource.natural_key)
]


@pytest.mark.parametrize(("name", "resource_name"), KEYED, ids=ids(KEYED))
def test_an_account_without_the_key_of_what_is_created_is_read_and_only_told(
    bench: FindBench, database: str, name: str, resource_name: str
) -> None:
    found, store = bench(name), Database(database)
    resource = found.system.resource(resource_name)
    create_tables(store, found.system, resource)
    missing = found.desk.lack(resource, resource.field(resource.natural_key[0]))
    batch = extract_window(store, found.session(), system=found.system, resource=missing, window=WHOLE)
    received = "select received > 0 from ops.batches where batch_id = %s"
    with psycopg.connect(database) as connection:
        came = connection.execute(received, (batch,)).fetchall()
    with store.transaction() as connection:
        account = find_account(connection, found.system, missing)
    writes = account.resource.writes
    assert writes is not None
    assert (writes.create, writes.natural_key) == (frozenset(), ())
    assert came == [(not getattr(resource.read, "only", ""),)], "without the field no record is of this kind"
    told = [
        item
        for item in SystemCheck(found.session(), replace(found.system, resources=(missing,))).run()
        if f"no {resource_name} are created" in item.sentence
    ]
    assert len(told) == 1
    is_wanted = wants_created(found.system, resource)
    assert (told[0].level is Level.FAILS) == is_wanted == ("flows.csv" in told[0].sentence)


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_field_that_is_gone_stops_its_resource_before_anything_is_read(night: Night, name: str) -> None:
    night.run(night.resource)
    item = dispensable(night)
    landed = night.ask("select batch_id, landed_at from ops.batches")
    missing = night.bench.desk.lack(night.resource, item)
    with pytest.raises(ConfigurationError, match=rf"{night.resource.name} .*was not read.*\({item.name}\)"):
        night.run(missing)
    assert night.ask("select batch_id, landed_at from ops.batches") == landed


def typed(bench: Bench, names: tuple[str, ...]) -> tuple[Resource, Field]:
    """A field of which the vendor tells that it holds no text, and its resource."""
    for resource in (bench.system.resource(name) for name in names):
        found = resource.read.describe(bench.session(), resource) or {}
        for item in resource.fields:
            is_plain = item.form.sql == "{}" and not item.is_document and len(item.parts) < 3
            if is_plain and item.kind is not Kind.TEXT and found.get(item.path) not in (None, Kind.TEXT):
                return resource, item
    raise AssertionError(f"no field of {bench.system.name} says of which type it is")


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_field_of_another_type_stops_its_resource_before_anything_is_read(
    bench: FindBench, database: str, name: str
) -> None:
    found = bench(name)
    resource, item = typed(found, facts_of(name).retyped or (facts_of(name).first,))
    create_tables(Database(database), found.system, resource)
    extract_window(Database(database), found.session(), system=found.system, resource=resource, window=WHOLE)
    changed = found.desk.retype(resource, item)
    with pytest.raises(ConfigurationError, match=rf"\({item.name}\) holds text now, where .* is declared"):
        extract_window(Database(database), found.session(), system=found.system, resource=changed, window=WHOLE)
    with psycopg.connect(database) as connection:
        kept = "select count(*) from ops.account_fields where field = %s and kind <> 'text'"
        assert connection.execute(kept, (item.name,)).fetchall() == [(1,)]
