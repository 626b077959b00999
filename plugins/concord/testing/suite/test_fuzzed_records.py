"""Of every resource of every system: a hostile record is set aside alone, whatever is wrong with it and wherever.

Records as the vendor sends them are mutated at any place: values of other types and shapes, texts that no
database keeps, numbers and times beyond all bounds, bytes that are no text. They land and are judged together with
sound ones.
With `FUZZ=1` in the environment thousands of records of each resource are tried; without it some hundred in all.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from concord.contract import Lookup, Page, Resource, Session, Window
from concord.protocols.describing import NotDescribed
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables
from concord.testing.bench import Bench
from concord.testing.benches import systems_on_benches
from concord.testing.fuzz import ASKED, cases
from concord.testing.suite.test_reading import ids
from concord.testing.suites import SUITES, has_suite

FindBench = Callable[[str], Bench]
AT_ONCE = 20  # mutated records in one batch
HOSTILE = [
    *(r'"\ud83d"', r'"a\ude00\ud83d"', r'"\u0000"', '"\0"', '"\x1b[2J"', '"\xff"', '"\xc0\xaf"', '"\\x"'),
    *("NaN", "-Infinity", "1e400", "1e99999999999", "9" * 5000, "-1e-9000", "007", "0x1F", "12.", "-0.0"),
    *('"NaN"', '"1e400"', '"1_000"', '"0x1F"', '"٣"', '"1,234.50"', '" 12 "', "9223372036854775808"),
    *('"0000-01-01"', '"10000-01-01T00:00:00Z"', '"9999-12-31T23:59:59-14:00"', '"2025-02-29"', '"24:00:61"'),
    *('"/Date(99999999999999)/"', '"/Date(-99999999999999)/"', '"PT999999999H"', "253402300800", "-1e15", "1e300"),
    *('{"value": "x"}', '["x"]', "[]", "{}", '""', '"  "', "null", "true", '[[["x"]]]', '{"nodes": {"a": 1}}'),
    *("[" * 3000 + "]" * 3000, json.dumps("x" * 9000), json.dumps("𝄞" * 400), '"{{ var.value.x }}"', '"\'; drop"'),
    *(
        '{"year": 10000, "month": "x", "day": {}}',
        '[{"dateTime": {}}]',
        '[{"quantity": "many"}]',
        '"\\\\N"',
        '"%s"',
    ),
]
CHOSEN = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for number, resource in enumerate(item.resources)
    if has_suite(item, resource) and (ASKED or number == 0 or any(field.is_document for field in resource.fields))
]
_ASIDE = """
select count(*) from ops.dispositions where batch_id = %s and row_number < %s and disposition = 'quarantined'
"""
_exact = msgspec.json.Decoder(float_hook=lambda digits: msgspec.Raw(digits.encode()))


@dataclass(frozen=True)
class Fixed(NotDescribed):
    """A reader that gives these records."""

    page: Sequence[bytes]

    def read_window(self, session: Session, resource: Resource, window: Window | None) -> Iterator[Page]:
        yield [msgspec.Raw(raw) for raw in self.page]

    def read_keys(self, session: Session, resource: Resource) -> Iterator[list[str]]:
        yield []

    def read_matching(
        self, session: Session, resource: Resource, name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        return self.read_window(session, resource, None)


def places(content: object, above: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every place in a record at which something can be put."""
    members: Iterator[tuple[object, object]] = iter(())
    if isinstance(content, dict):
        members = iter(content.items())
    if isinstance(content, list):
        members = iter(enumerate(content))
    for name, below in members:
        yield (*above, name)
        yield from places(below, (*above, name))


def mutated(raw: bytes, place: Sequence[Any], hostile: str) -> bytes:
    """The record with something else at one place."""
    record: Any = _exact.decode(raw)
    within = record
    for name in place[:-1]:
        within = within[name]
    within[place[-1]] = "@@HERE@@"
    return msgspec.json.encode(record).replace(b'"@@HERE@@"', as_bytes(hostile))


def as_bytes(hostile: str) -> bytes:
    """The text in UTF-8; of characters below 256 the bytes, so that some are not UTF-8."""
    return hostile.encode("utf-8" if max(hostile) > "\xff" else "latin-1")


_aside: dict[tuple[str, str], int] = {}
_records: dict[tuple[str, str], list[bytes]] = {}


def records_of(found: Bench, resource: Resource) -> list[bytes]:
    """Some records as the vendor sends them; of a resource read by a worklist, those of its bench."""
    at = (found.system.name, resource.name)
    if at not in _records:
        pages = resource.read.read_window(found.session(), resource, None)
        _records[at] = [bytes(raw) for page in pages for raw in page][:40]
    return _records[at]


def judge(database: Database, found: Bench, resource: Resource, page: Sequence[bytes]) -> tuple[int, int, int]:
    """Records received, those that came to an end, and of the sound ones those set aside."""
    fixed = replace(resource, read=Fixed(page))
    lookup = Lookup(name=resource.key, values=["any"], reference="fuzz")
    batch = extract_matching(database, found.session(), system=found.system, resource=fixed, lookup=lookup)
    counts = validate_batch(database, system=found.system, resource=fixed, batch_id=batch, suites=SUITES)
    with database.transaction() as connection:
        found_aside = connection.execute(_ASIDE, (batch, len(page) - AT_ONCE)).fetchone() or (0,)
    ended = counts.validated + counts.quarantined + counts.repeated
    return counts.received, ended, int(str(found_aside[0]))


@pytest.mark.parametrize(("name", "resource_name"), CHOSEN, ids=ids(CHOSEN))
@given(data=some.data())
@cases(few=2, many=100)
def test_mutated_records_never_stop_the_sound_ones(
    opened: FindBench, module_database: str, name: str, resource_name: str, data: some.DataObject
) -> None:
    found, database = opened(name), Database(module_database)
    resource = found.system.resource(resource_name)
    create_tables(database, found.system, resource)
    sound = records_of(found, resource)
    assert sound
    hostile = []
    for _ in range(AT_ONCE):
        raw = data.draw(some.sampled_from(sound))
        place = data.draw(some.sampled_from(list(places(_exact.decode(raw)))))
        hostile.append(mutated(raw, place, data.draw(some.sampled_from(HOSTILE))))
    received, ended, aside = judge(database, found, resource, [*sound, *hostile])
    assert received == ended == len(sound) + AT_ONCE
    if (name, resource_name) not in _aside:
        _aside[name, resource_name] = judge(database, found, resource, [*sound, *sound[:1] * AT_ONCE])[2]
    assert aside == _aside[name, resource_name]
