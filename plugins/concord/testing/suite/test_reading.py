"""What every system must hold to when it is read."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from concord.contract import ChangedBetween, Resource, Window
from concord.errors import AuthenticationError, ServerError
from concord.protocols.values import Record, value_at
from concord.stages.extract.read_window import extract_window
from concord.store.engine import Database
from concord.store.tables import create_tables, typed_view
from concord.testing.bench import Bench, keys_of, read_all
from concord.testing.benches import facts_of, systems_on_benches

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
RESOURCES = [(item.name, resource.name) for item in systems_on_benches() for resource in item.resources]
CHANGING = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if isinstance(resource.changes, ChangedBetween)
]
WHOLE = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
FAR = Window(datetime(2099, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def ids(pairs: list[tuple[str, str]]) -> list[str]:
    return [" ".join(pair) for pair in pairs]


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_wrong_password_is_an_authentication_error(bench: FindBench, name: str) -> None:
    found = bench(name)
    session = found.session(password="wrong")
    with pytest.raises(AuthenticationError, match="connection"):
        read_all(session, found.system.resource(facts_of(name).first))


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_login_that_ended_is_renewed_once(bench: FindBench, name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(facts_of(name).first), found.session()
    before = read_all(session, resource)
    found.desk.expire_login()
    assert keys_of(resource, read_all(session, resource)) == keys_of(resource, before)


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_every_record_of_many_pages_comes_once(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    keys = keys_of(resource, read_all(session, resource, size=17))
    expected = found.desk.count(resource)
    assert expected > facts_of(name).few.get(resource_name, 20)
    assert session.statistics.calls >= expected / 17
    assert len(keys) == len(set(keys)) == expected


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_the_keys_alone_are_those_of_the_records(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    records = read_all(session, resource)
    field = resource.field(resource.deleted) if resource.deleted else None
    live = [record for record in records if field is None or not value_at(record, field)]
    listed = {key for keys in resource.read.read_keys(session, resource) for key in keys}
    assert len(live) > facts_of(name).few.get(resource_name, 20)
    assert set(keys_of(resource, live)) <= listed
    merged_away = listed - set(keys_of(resource, records))
    assert all(key in str(records) for key in merged_away)


@pytest.mark.parametrize(("name", "resource_name"), CHANGING, ids=ids(CHANGING))
def test_a_window_read_again_is_the_same(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    first = read_all(session, resource, WHOLE)
    assert len(first) > facts_of(name).few.get(resource_name, 20)
    assert read_all(session, resource, WHOLE) == first


@pytest.mark.parametrize(("name", "resource_name"), CHANGING, ids=ids(CHANGING))
def test_a_window_in_the_far_future_is_empty(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    assert read_all(found.session(), found.system.resource(resource_name), FAR) == []


@pytest.mark.parametrize(("name", "resource_name"), CHANGING, ids=ids(CHANGING))
def test_windows_split_at_a_stamp_lose_and_double_nothing(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    whole = read_all(session, resource, WHOLE)
    middle = most_shared_stamp(name, resource, whole)
    left = keys_of(resource, read_all(session, resource, Window(WHOLE.start, middle)))
    right = keys_of(resource, read_all(session, resource, Window(middle, WHOLE.end)))
    assert right
    assert sorted(left + right) == sorted(keys_of(resource, whole))


def most_shared_stamp(name: str, resource: Resource, records: list[Record]) -> datetime:
    assert resource.modified
    read_moment = facts_of(name).read_moment
    if read_moment is not None:
        return Counter(read_moment(resource, record) for record in records).most_common(1)[0][0]
    field = resource.field(resource.modified)
    text = str(Counter(str(value_at(record, field)) for record in records).most_common(1)[0][0])
    if text.replace(".", "").isdigit():
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text))
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_records_are_found_by_their_keys(bench: FindBench, name: str, resource_name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(resource_name), found.session()
    keys = keys_of(resource, read_all(session, resource))
    wanted = [keys[0], keys[-1], keys[len(keys) // 2]]
    wanted_and_absent = [*wanted, facts_of(name).absent_key(keys[0])]
    pages = resource.read.read_matching(session, resource, resource.key, wanted_and_absent)
    raws = [raw for page in pages for raw in page]
    assert len(raws) == 3
    assert all(
        any(f'"{key}"'.encode() in bytes(raw) or f":{key}".encode() in bytes(raw) for raw in raws)
        for key in wanted
    )


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_every_declared_field_is_read_as_its_type(
    bench: FindBench, module_database: str, name: str, resource_name: str
) -> None:
    found, database = bench(name), Database(module_database)
    resource = found.system.resource(resource_name)
    create_tables(database, found.system, resource)
    batch = extract_window(database, found.session(), system=found.system, resource=resource, window=WHOLE)
    columns = sql.SQL(", ").join(
        sql.SQL("count({})").format(sql.Identifier(item.name)) for item in resource.fields
    )
    query = sql.SQL("select count(*), count(*) filter (where _faults <> '{{}}'), {} from {} where _batch_id = %s")
    with database.transaction() as connection:
        row = connection.execute(query.format(columns, typed_view(found.system, resource)), (batch,)).fetchone()
    assert row is not None
    rows, faulty, *counts = (int(str(value)) for value in row)
    empty = {item.name for item, count in zip(resource.fields, counts, strict=True) if count == 0}
    assert rows > facts_of(name).few.get(resource_name, 20)
    assert faulty <= rows * 0.05
    assert empty <= {field for owner, field in facts_of(name).empty_at_first if owner == resource_name}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_page_mark_that_comes_again_stops_the_reading(bench: FindBench, name: str) -> None:
    found = bench(name)
    found.desk.fault("loop", on="read")
    with pytest.raises(ServerError, match="repeat themselves"):
        read_all(found.session(), found.system.resource(facts_of(name).first), size=17)


@pytest.mark.parametrize("kind", ["throttle", "html", "cut_before", "cut_after"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_read_that_failed_is_asked_again(bench: FindBench, name: str, kind: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(facts_of(name).first), found.session()
    found.desk.fault(kind, on="read")
    keys = keys_of(resource, read_all(session, resource))
    assert len(keys) == len(set(keys)) == found.desk.count(resource)
    assert session.statistics.retries + session.statistics.waited_seconds > 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_deletion_is_seen(bench: FindBench, name: str) -> None:
    found = bench(name)
    resource, session = found.system.resource(facts_of(name).first), found.session()
    before = read_all(session, resource)
    gone = keys_of(resource, before)[-1]
    found.desk.delete(resource, gone)
    after = read_all(session, resource)
    if resource.deleted:
        field = resource.field(resource.deleted)
        marked = [key for key, item in zip(keys_of(resource, after), after, strict=True) if value_at(item, field)]
        assert gone in marked
    else:
        assert set(keys_of(resource, before)) - set(keys_of(resource, after)) == {gone}
