"""Of every resource of every system: damaged records of a page are set aside alone, and all others are landed.

The bytes are changed on their way from the system's server, so that every reader gets them as a vendor would send
them: in its pages, in the files of its bulk jobs, and in its lists of keys.
Without `FUZZ` in the environment the first resource of each system is read, and those that hold lists.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from concord.contract import Kind, Resource
from concord.errors import ExpectationsFailedError
from concord.local.postgres import Postgres
from concord.protocols.values import Record, decode_record, value_at
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import facts_of, has_bench, systems_on_benches
from concord.testing.databases import copy_of
from concord.testing.suite.test_reading import RESOURCES, WHOLE
from concord.testing.suites import find_suites
from concord.visible_text import show_controls

FindBench = Callable[[str], Bench]
Damage = Callable[[bytes], tuple[bytes, bytes]]
PLAIN = re.compile(r"[A-Za-z0-9@.+_/:-][A-Za-z0-9@.+_/: -]{6,}")
EVERY = "FUZZ" in os.environ
NESTED = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if any(field.is_document for field in resource.fields)
]


def quoted(written: bytes) -> Damage:
    """The damage of a text in quotes; `@` stands for the text."""
    return lambda text: (b'"%b"' % text, written.replace(b"@", text))


DAMAGES: Mapping[str, Mapping[str, Damage]] = {
    "json": {
        "half a character": quoted(b'"@\\ud83d"'),
        "a null character": quoted(b'"@\\u0000"'),
        "a bare null character": quoted(b'"@\0"'),
        "another code page": quoted(b'"@\xeb"'),
        "a control character": quoted(b'"@\x1b[2J"'),
        "a quote within": quoted(b'"@ "x", y"'),
        "two values": quoted(b'"@" NaN'),
        "an object": quoted(b'{"value": "@"}'),
        "a list": quoted(b'["@"]'),
    },
    "lines": {
        "half a character": lambda text: (text, text[:-6] + b"\\ud83d"),
        "a null character": lambda text: (text, text[:-6] + b"\\u0000"),
        "another code page": lambda text: (text, text[:-1] + b"\xeb"),
        "a quote within": lambda text: (text, text[:-4] + b'"x"' + text[-1:]),
        "a list": lambda text: (b'"%b"' % text, b'["%b"]' % text[:-2]),
    },
    "csv": {
        "another code page": quoted(b'"@\xeb"'),
        "a null character": quoted(b'"@\0"'),
        "a cell too many": quoted(b'"@","x"'),
        "a quote within": quoted(b'"@ "x", y"'),
        "no closing quote": quoted(b'"@'),
        "no opening quote": quoted(b'@"'),
    },
    "cells": {
        "a control character": lambda text: (ebcdic(text), ebcdic(text)[:-1] + b"\x05"),
        "no character": lambda text: (ebcdic(text), ebcdic(text)[:-1] + b"\x3f"),
    },
    "rows": {
        "another code page": lambda text: (text, text[:-1] + b"\xeb"),
        "a null character": lambda text: (text, text[:-1] + b"\0"),
    },
}
MANY = 8
WITH_BENCH = [(name, resource) for name, resource in RESOURCES if has_bench(name)]
WAYS = [
    *((name, resource, "") for name, resource in WITH_BENCH if resource not in facts_of(name).unmarked),
    *((name, resource, "in bulk") for name, resource in WITH_BENCH if resource in facts_of(name).in_bulk),
]
CHOSEN = [way for way in WAYS if way[2] or EVERY or way[1] == facts_of(way[0]).first or way[:2] in NESTED]


def ebcdic(text: bytes) -> bytes:
    return text.decode().encode("cp037")


def texts_of(resource: Resource, records: list[Record]) -> Iterator[tuple[str, str]]:
    """The key of a record and a text that stands in no other one, each record once."""
    key = resource.field(resource.key)
    fields = [field for field in resource.fields if field.kind is Kind.TEXT and not field.path.startswith("_")]
    fields = [field for field in fields if field.name != key.name] + [key]
    whole = [str(record) for record in records]
    for record in records:
        texts = (value_at(record, field) for field in fields)
        fit = (text for text in texts if isinstance(text, str) and PLAIN.fullmatch(text))
        alone = next((text for text in fit if sum(text in other for other in whole) == 1), None)
        if alone is not None:
            yield str(value_at(record, key)), alone


@pytest.fixture
def databases(postgres: Postgres, template: str) -> Iterator[tuple[str, str]]:
    """The addresses of two fresh databases."""
    with copy_of(postgres, template) as first, copy_of(postgres, template) as second:
        yield first, second


class Reading:
    """Reads a resource as a night does, into a database of its own."""

    def __init__(self, database: str, found: Bench, resource: Resource, suites: Path) -> None:
        self.database, self.found, self.resource = Database(database), found, resource
        self.suites = suites
        create_tables(self.database, found.system, resource)

    def records(self) -> list[Record]:
        """All records as the reader gives them."""
        pages = self.resource.read.read_window(self.found.session(), self.resource, None)
        return [decode_record(self.resource, raw) for page in pages for raw in page]

    def keys(self) -> set[str]:
        """The keys of the records that the batch holds in the end."""
        system, resource = self.found.system, self.resource
        session = self.found.session()
        batch = extract_window(self.database, session, system=system, resource=resource, window=WHOLE)
        counts = validate_batch(
            self.database, system=system, resource=resource, batch_id=batch, suites=self.suites
        )
        assert counts.received == counts.validated + counts.quarantined + counts.repeated
        query = sql.SQL("select _key from {}").format(validated_table(system, resource))
        with self.database.transaction() as connection:
            return {str(row[0]) for row in connection.execute(query)}

    def set_aside(self) -> list[tuple[str, str, str]]:
        """Key, reason and payload of what lies in the dead letters."""
        query = "select coalesce(record_key, ''), message, payload from ops.dead_letters"
        with self.database.transaction() as connection:
            return [(str(row[0]), str(row[1]), str(row[2])) for row in connection.execute(sql.SQL(query))]


@pytest.fixture
def suites(tmp_path: Path, case: tuple[str, str, str]) -> Path:
    """The folder of the expectations."""
    (system,) = (item for item in systems_on_benches() if item.name == case[0])
    return find_suites(tmp_path, system, system.resource(case[1]))


@pytest.fixture
def reading(bench: FindBench, databases: tuple[str, str], suites: Path, case: tuple[str, str, str]) -> Reading:
    name, resource_name, way = case
    found = bench(name)
    extra = {**found.connection.extra, **({"bulk_read_above": "0", "bulk_page_rows": "50"} if way else {})}
    found = replace(found, connection=replace(found.connection, extra=extra))
    return Reading(databases[0], found, found.system.resource(resource_name), suites)


@pytest.mark.parametrize("case", CHOSEN, ids=[" ".join(way).strip() for way in CHOSEN])
def test_damaged_records_are_set_aside_alone(
    reading: Reading, databases: tuple[str, str], case: tuple[str, str, str]
) -> None:
    sound, letters = reading.keys(), reading.set_aside()
    texts = {key: text for key, text in texts_of(reading.resource, reading.records()) if key in sound}
    form = facts_of(case[0]).in_bulk[case[1]] if case[2] else reading.found.desk.form
    damages = dict(zip(texts, DAMAGES[form].values(), strict=False))
    assert len(damages) > 1, "no text of it stands in one record alone; say in unmarked why"
    reading.found.desk.damage(dict(damage(texts[key].encode()) for key, damage in damages.items()))
    again = Reading(databases[1], reading.found, reading.resource, reading.suites)
    assert again.keys() == sound - damages.keys()
    told = again.set_aside()
    assert len({payload for _, _, payload in told}) >= len(letters) + len(damages)
    assert all(any(piece in str(told) for piece in pieces(texts[key])) for key in damages)
    assert all(show_controls(message) == message for _, message, _ in told)


def pieces(text: str) -> list[str]:
    """What is left of a text in each of its damages, as it is shown."""
    return [text[:-6], ebcdic(text[:-1].encode()).hex()]


def shape_cases() -> list[tuple[str, str, str]]:
    """The first resource of each system."""
    return [way for way in WAYS if not way[2] and way[1] == facts_of(way[0]).first]


@pytest.mark.parametrize("case", shape_cases(), ids=[case[0] for case in shape_cases()])
def test_many_records_of_another_shape_are_refused(reading: Reading, case: tuple[str, str, str]) -> None:
    texts = dict(texts_of(reading.resource, reading.records()))
    chosen = list(texts.values())[:MANY]
    assert len(chosen) == MANY
    an_object = DAMAGES["json"]["an object"]
    reading.found.desk.damage(dict(an_object(text.encode()) for text in chosen))
    with pytest.raises(ExpectationsFailedError, match="have another shape than declared"):
        reading.keys()
