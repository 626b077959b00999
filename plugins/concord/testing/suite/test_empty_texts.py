"""Of every field of every system: an empty text where none is meant is no value, and replaces what was held."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from psycopg import sql

from concord.contract import Field, Kind, Lookup, Resource
from concord.protocols.values import put_at, value_at
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.store.tables import create_tables, validated_table
from concord.testing.bench import Bench
from concord.testing.benches import systems_on_benches
from concord.testing.suite.test_fuzzed_records import Fixed, records_of
from concord.testing.suite.test_reading import ids
from concord.testing.suites import find_suites

FindBench = Callable[[str], Bench]
_exact = msgspec.json.Decoder(dict[str, Any], float_hook=lambda digits: msgspec.Raw(digits.encode()))
_ENDS = "select row_number, record_key, disposition, reason from ops.dispositions where batch_id = %s"


def optional_fields(resource: Resource) -> list[Field]:
    """The fields that hold one value and may be empty, without those whose place a required field is read from."""
    needed = {field.path for field in resource.fields if field.required}
    return [
        field
        for field in resource.fields
        if field.kind is not Kind.JSON and not field.keeps_empty and field.path not in needed
    ]


RESOURCES = [
    (item.name, resource.name)
    for item in systems_on_benches()
    for resource in item.resources
    if optional_fields(resource)
]


def rounds(fields: Sequence[Field], records: Sequence[Mapping[str, Any]]) -> Iterator[list[tuple[Field, int]]]:
    """Which field is emptied in which record, if possible in one that has a value; each record once a round."""
    pending = list(fields)
    while pending:
        free, chosen = list(range(len(records))), []
        for field in pending[: len(free)]:
            filled = [number for number in free if value_at(records[number], field) not in (None, "")]
            number = (filled or free)[0]
            free.remove(number)
            chosen.append((field, number))
        pending = pending[len(chosen) :]
        yield chosen


def with_value(record: Mapping[str, Any], field: Field, value: object) -> bytes:
    copy = dict(record)
    put_at(copy, field.path, value)
    return msgspec.json.encode(copy)


class Judging:
    """Lands pages of one resource, and says what became of each record."""

    def __init__(self, database: Database, bench: Bench, resource: Resource, suites: Path) -> None:
        self.database, self.bench, self.resource, self.suites = database, bench, resource, suites
        self.batches = 0
        create_tables(database, bench.system, resource)

    def judge(self, page: Sequence[bytes]) -> list[tuple[str, str, str]]:
        """Key, disposition and reason of each record."""
        self.batches += 1
        fixed = replace(self.resource, read=Fixed(page))
        lookup = Lookup(name=self.resource.key, values=["any"], reference=f"empty {self.batches}")
        session, system = self.bench.session(), self.bench.system
        batch = extract_matching(self.database, session, system=system, resource=fixed, lookup=lookup)
        validate_batch(self.database, system=system, resource=fixed, batch_id=batch, suites=self.suites)
        with self.database.transaction() as connection:
            rows = connection.execute(_ENDS, (batch,)).fetchall()
        ends = {number: (str(key), str(end), str(reason)) for number, key, end, reason in rows}
        return [ends[number] for number in range(len(page))]

    def declared(self, field: Field) -> object:
        """What an empty text means: none, unless the form of a truth says that it is yes or no."""
        if field.kind is not Kind.BOOLEAN:
            return None
        form = sql.SQL("select nullif({}, '')::boolean").format(
            sql.SQL(field.form.sql).format(sql.SQL("''::text"))
        )
        with self.database.transaction() as connection:
            ((value,),) = connection.execute(form).fetchall()
        return value

    def held(self, key: str, field: Field) -> object:
        query = sql.SQL("select {} from {} where _key = %s").format(
            sql.Identifier(field.name), validated_table(self.bench.system, self.resource)
        )
        with self.database.transaction() as connection:
            ((value,),) = connection.execute(query, (key,)).fetchall()
        return value


@pytest.mark.parametrize(("name", "resource_name"), RESOURCES, ids=ids(RESOURCES))
def test_an_empty_text_is_no_value_and_replaces_what_was_held(
    opened: FindBench, module_database: str, tmp_path: Path, name: str, resource_name: str
) -> None:
    found = opened(name)
    resource = found.system.resource(resource_name)
    judging = Judging(Database(module_database), found, resource, find_suites(tmp_path, found.system, resource))
    raw = records_of(found, resource)
    ends = judging.judge(raw)
    sound = [_exact.decode(page) for page, end in zip(raw, ends, strict=True) if end[1] == "validated"]
    tried = 0
    for chosen in rounds(optional_fields(resource), sound):
        judging.judge([msgspec.json.encode(record) for record in sound])
        ends = judging.judge([with_value(sound[number], field, "") for field, number in chosen])
        for (field, number), (key, end, reason) in zip(chosen, ends, strict=True):
            tried += 1
            if end == "validated":
                assert judging.held(key, field) is judging.declared(field), f"{field.name} is not empty"
            else:  # a suite insists on a value; then none is no better
                ((_, as_none, said),) = judging.judge([with_value(sound[number], field, None)])
                assert (end, reason) == (as_none, said), f"{field.name}: {reason}"
    assert tried == len(optional_fields(resource)) > 0
