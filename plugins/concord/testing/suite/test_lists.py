"""What every system must hold to where lists move, end too early, hold what cannot be read, or miss a record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from concord.contract import ChangedBetween, Kind, Page, Reader, Resource, Session, Window, Worklist
from concord.errors import BatchError, ServerError
from concord.protocols.values import decode_record
from concord.testing.bench import Bench, keys_of, read_all, with_page_size
from concord.testing.benches import facts_of, systems_on_benches
from concord.testing.nights import Nights

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
LISTED = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if isinstance(resource.changes, ChangedBetween) and resource.changes.vanish_limit is not None
]


@dataclass(frozen=True)
class Damaged:
    """The vendor's own pages, in which the key of the first record cannot be read."""

    inner: Reader

    def describe(self, session: Session, resource: Resource) -> Mapping[str, Kind | None] | None:
        return self.inner.describe(session, resource)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        pages = self.inner.read_window(session, resource, window)
        first = next(page for page in pages if page)
        yield [msgspec.Raw(b'{"\xff": 1}'), *first[1:]]
        yield from pages

    def read_keys(self, session: Session, resource: Resource) -> Iterator[Sequence[str]]:
        lists = self.inner.read_keys(session, resource)
        first = next(keys for keys in lists if keys)
        yield ["", *first[1:]]
        yield from lists

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        yield []


@pytest.fixture
def nights(bench: FindBench, database: str, tmp_path: Path, name: str) -> Nights:
    return Nights(bench(name), database, tmp_path)


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_unreadable_record_deletes_none_that_is_held(nights: Nights) -> None:
    nights.run()
    before = nights.live()
    nights.resource = replace(nights.resource, read=Damaged(nights.resource.read))
    nights.run_anew()
    assert len(before) > 20
    assert nights.live() == before


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_record_that_vanishes_while_a_list_is_paged_takes_no_other_with_it(bench: FindBench, name: str) -> None:
    found = bench(name)
    resource = found.system.resource(facts_of(name).first)
    before = keys_of(resource, read_all(found.session(), resource))
    pages = with_page_size(resource.read, 7).read_window(found.session(), resource, None)
    came = [next(pages)]
    gone = keys_of(resource, [decode_record(resource, raw) for raw in came[0]])[0]
    found.desk.delete(resource, gone)
    came += pages
    keys = keys_of(resource, [decode_record(resource, raw) for page in came for raw in page])
    assert len(came) > 3
    assert set(before) - {gone} <= set(keys)


@pytest.mark.parametrize(("name", "resource_name"), LISTED, ids=[" ".join(pair) for pair in LISTED])
def test_a_record_that_no_window_meets_is_read_by_its_key(
    bench: FindBench, database: str, tmp_path: Path, name: str, resource_name: str
) -> None:
    nights = Nights(bench(name), database, tmp_path, resource_name)
    nights.run()
    key = min(nights.live())
    nights.forget(key)
    assert nights.disposition(nights.run(), key) == "validated"


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_record_that_was_deleted_is_marked_the_next_night(nights: Nights) -> None:
    nights.run()
    key = max(nights.live())
    nights.found.desk.delete(nights.resource, key)
    nights.run()
    assert key not in nights.live()


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_resource_says_how_it_learns_of_deletions(bench: FindBench, name: str) -> None:
    found = bench(name)
    for resource in found.system.resources:
        says_nothing = resource.deletions == "not noticed" and not isinstance(resource.changes, Worklist)
        reason = facts_of(name).never_deleted.get(resource.name, "")
        assert says_nothing is bool(reason), f"{resource.name}: {resource.deletions}"


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_empty_listing_from_the_beginning_is_refused_or_made_up_for_key_by_key(nights: Nights) -> None:
    nights.run()
    before = nights.live()
    nights.found.desk.give_nothing()
    try:
        batch = nights.run_anew()
    except (ServerError, BatchError):
        batch = ""
    assert not batch or nights.received(batch) == len(before)  # each was found by its key, though not listed
    assert len(before) > 20
    assert nights.live() == before


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_list_inside_of_a_record_is_said_to_be_whole(name: str) -> None:
    (system,) = (item for item in systems_on_benches() if item.name == name)
    lists = {
        (resource.name, field.name)
        for resource in system.resources
        for field in resource.fields
        if field.kind is Kind.JSON
    }
    assert set(facts_of(name).whole_lists) == lists
