"""Which changes are sent after the target was read, in which groups, and which outcomes the others have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec
import pytest

from concord.contract import (
    ARCHIVE,
    Change,
    End,
    Field,
    Outcome,
    Page,
    Resource,
    Session,
    Snapshot,
    Window,
    Writes,
)
from concord.errors import ContractError
from concord.protocols.describing import NotDescribed
from concord.protocols.writing import check_changes


@dataclass
class Shelf(NotDescribed):
    """Reads from a list of records, and takes note of what it is asked for."""

    records: list[dict[str, object]]
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        raise AssertionError("a writer reads no window")

    def read_keys(self, session: Session, resource: Resource) -> Iterator[Sequence[str]]:
        raise AssertionError("a writer reads no keys")

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        self.asked.append((name, list(values)))
        found = [item for item in self.records if str(item[resource.field(name).path]) in values]
        yield [msgspec.Raw(msgspec.json.encode(item)) for item in found]


NOBODY: Session = None  # type: ignore[assignment]  # the shelf asks no server


class Unused:
    """A writer that is declared and not called."""

    size = 10
    finishes_creates: ClassVar[bool] = False

    def write(self, session: Session, resource: Resource, changes: Sequence[Change]) -> list[Outcome]:
        raise AssertionError("the test checks changes and sends none")


def places(*records: dict[str, object], natural_key: tuple[str, ...] = ("owner", "city")) -> Resource:
    names = ("owner", "city", "street", "stamp")
    return Resource(
        name="places",
        read=Shelf(list(records)),
        key="id",
        fields=(Field("id", "id", required=True), *(Field(name, name) for name in names)),
        changes=Snapshot(),
        writes=Writes(Unused(), update=frozenset({"city"}), guard="stamp", natural_key=natural_key),
    )


def create(name: str, **values: object) -> Change:
    return Change(name, None, "create", {}, values, {})


BERN: dict[str, object] = {"id": "1", "owner": "7", "city": "Bern", "street": None, "stamp": "a"}
CHUR: dict[str, object] = {"id": "2", "owner": "7", "city": "Chur", "street": None, "stamp": "a"}


def test_a_create_is_there_already_only_if_a_record_agrees_in_the_whole_natural_key() -> None:
    there, new, unfilled = (
        create("there", owner="7", city="Chur"),
        create("new", owner="7", city="Davos"),
        create("unfilled", owner="7", street="Ring 1"),
    )
    checked = check_changes(NOBODY, places(BERN, CHUR), [there, new, unfilled])
    assert checked.ready == [new]
    assert [(item.change_id, item.end, item.key) for item in checked.ended] == [
        ("there", End.CONFIRMED, "2"),
        ("unfilled", End.CONFIRMED, "1"),
    ]


def test_an_upserted_create_is_not_looked_up_but_needs_its_natural_key() -> None:
    resource = places(BERN)
    named, nameless = create("named", owner="7", city="Bern"), create("nameless", city="Bern")
    checked = check_changes(NOBODY, resource, [named, nameless], upserts=True)
    assert checked.ready == [named]
    assert [(item.end, item.message) for item in checked.ended] == [
        (End.REJECTED, "A new record needs its owner.")
    ]
    assert isinstance(resource.read, Shelf)
    assert resource.read.asked == []


def test_updates_creates_and_archives_are_sent_in_groups_of_their_own() -> None:
    update, moved, archive, gone = (
        Change("update", "1", "update", {}, {"city": "Thun"}, {"stamp": "a"}),
        Change("moved", "2", "update", {}, {"city": "Thun"}, {"stamp": "old"}),
        Change("archive", "2", ARCHIVE, {}, {}, {"stamp": "a"}),
        Change("gone", "3", ARCHIVE, {}, {}, {}),
    )
    creates = [create(f"new {number}", owner="8", city=str(number)) for number in range(3)]
    checked = check_changes(NOBODY, places(BERN, CHUR), [archive, *creates, update, moved, gone])
    assert list(checked.groups(2)) == [[update], creates[:2], creates[2:], [archive]]
    assert [(item.change_id, item.end) for item in checked.ended] == [
        ("moved", End.CONFLICTED),
        ("gone", End.CONFIRMED),
    ]


def test_a_natural_key_that_is_no_field_is_refused_when_it_is_declared() -> None:
    with pytest.raises(ContractError, match="names 'country' as its natural key"):
        places(natural_key=("owner", "country"))
