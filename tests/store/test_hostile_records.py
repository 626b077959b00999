"""One record that cannot be stored is set aside alone, with its reason and its payload; the others pass."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from concord.contract import Field, Form, Kind
from concord.errors import ExpectationsFailedError
from concord.stages.validate.judge import BatchCounts
from concord.store.tables import create_tables
from tests.store.listing import thing
from tests.store.test_batches import Night

DEEP = "[" * 3000 + "]" * 3000


class HostileNight(Night):
    """A night whose declaration and suite a test may change."""

    def declare(self, field: Field) -> None:
        """Put a field in the place of the one with its name."""
        things = self.system.resources[0]
        fields = tuple(field if item.name == field.name else item for item in things.fields)
        self.system = replace(self.system, resources=(replace(things, fields=fields),))
        create_tables(self.database, self.system, self.system.resources[0])

    def expect(self, query: str) -> None:
        """Let the suite hold this query for failing rows alone."""
        meta = {"severity": "row", "reason": "the query found it", "note": "A test."}
        item = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}, "meta": meta}
        suite = {"name": "testing/things", "expectations": [item]}
        (self.suites / "testing" / "things.json").write_text(json.dumps(suite))


@pytest.fixture
def night(database: str, tmp_path: Path) -> HostileNight:
    return HostileNight(database, tmp_path / "suites")


def raw(**changed: str) -> bytes:
    """A sound record of which some members are replaced by verbatim JSON."""
    members = {name: json.dumps(value) for name, value in thing(2).items()} | changed
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in members.items()) + "}").encode()


HOSTILE = {
    "half a character": (raw(name=r'"a\ud83d"'), "not valid JSON"),
    "halves swapped": (raw(name=r'"a\ude00\ud83d"'), "not valid JSON"),
    "half a character nobody reads": (raw(other=r'"a\ud83d"'), "not valid JSON"),
    "null character": (raw(name=r'"a\u0000"'), "thing_name holds text that a database cannot keep"),
    "raw null character": (raw(name='"a\0"'), "not valid JSON"),
    "raw control character": (raw(name='"a\x1b[0m"'), "not valid JSON"),
    "null character in a document": (raw(tags=r'["a\u0000"]'), "tags is not valid JSON"),
    "half a character in a document": (raw(tags=r'["a\ud83d"]'), "not valid JSON"),
    "NaN": (raw(price="NaN"), "not valid JSON"),
    "Infinity": (raw(price="-Infinity"), "not valid JSON"),
    "NaN as text": (raw(price='"NaN"'), "price is not a number"),
    "leading zeros": (raw(price="007"), "not valid JSON"),
    "beyond all numbers": (raw(price="1e400"), "price is not a number"),
    "exponent beyond all numbers": (raw(price="1e99999999999"), "price is not a number"),
    "too many digits": (raw(price="9" * 5000), "price is not a number"),
    "too small": (raw(price="1e-9000"), "price is not a number"),
    "hexadecimal": (raw(price='"0x1F"'), "price is not a number"),
    "underscores": (raw(price='"1_000"'), "price is not a number"),
    "year 0": (raw(updated='"0000-01-01T00:00:00Z"'), "updated_at is not a time with a zone"),
    "year 10000": (raw(updated='"10000-01-01T00:00:00Z"'), "updated_at is not a time with a zone"),
    "year 10000 in UTC": (raw(updated='"9999-12-31T23:59:59-14:00"'), "updated_at is not a time with a zone"),
    "before year 1 in UTC": (raw(updated='"0001-01-01T00:00:00+14:00"'), "updated_at is not a time with a zone"),
    "29 February": (raw(updated='"2025-02-29T00:00:00Z"'), "updated_at is not a time with a zone"),
    "long key": (raw(id=json.dumps("K" * 9000)), "source_id is longer than the 1000 bytes"),
    "long random key": (
        raw(id=json.dumps(bytes(range(33, 123)).decode().replace('"', "") * 100)),
        "source_id is longer",
    ),
    "empty key": (raw(id='""'), "source_id is missing"),
    "nested too deeply": (raw(tags=DEEP), "nested too deeply"),
    "nested too deeply where nobody reads": (raw(other=DEEP), "nested too deeply"),
    "two names alike": (raw(id='"T-2", "id": "T-3"'), "is there twice"),
    "an object for a text": (
        raw(name='{"value": "x"}'),
        "thing_name holds an object where a single value belongs",
    ),
    "a list for a text": (raw(name='["x"]'), "thing_name holds a list where a single value belongs"),
    "an object for a number": (raw(price='{"amount": 1}'), "price holds an object or a list where a single value"),
    "a text for an object": (raw(owner='"x"'), "email lies in something else where an object belongs"),
    "bytes of another code page": (raw(name='"x"').replace(b'"x"', b'"M\xfcller"'), "bytes that are not UTF-8"),
    "overlong": (raw(name='"x"').replace(b'"x"', b'"\xc0\xaf"'), "bytes that are not UTF-8"),
    "no object": (b"[1]", "is not an object"),
    "null": (b"null", "is not an object"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_hostile_record_is_set_aside_alone(night: HostileNight, name: str) -> None:
    record, reason = HOSTILE[name]
    night.listing.records = [thing(1), thing(3)]
    night.listing.raw = [record]
    assert night.run() == BatchCounts(3, 2, 1, 0)
    ((message, payload),) = night.rows("select message, payload from ops.dead_letters")
    assert reason in str(message)
    assert len(str(payload)) >= len(record)


def test_all_hostile_records_together_leave_the_sound_ones(night: HostileNight) -> None:
    night.listing.records = [thing(number, id=f"S-{number}") for number in range(400)]
    night.listing.raw = [record for record, reason in HOSTILE.values() if "belongs" not in reason]
    assert len(night.listing.raw) > 25
    assert night.run() == BatchCounts(400 + len(night.listing.raw), 400, len(night.listing.raw), 0)


def test_a_key_that_could_be_read_is_kept_with_the_dead_letter(night: HostileNight) -> None:
    night.listing.records = [thing(1)]
    night.listing.raw = [raw(name=r'"a\ud83d"'), raw(id='"T-3"', name=r'"a\u0000"')]
    night.run()
    assert night.rows("select record_key from ops.dead_letters order by 1") == [("T-2",), ("T-3",)]


def test_a_few_records_of_another_shape_are_set_aside_and_many_refuse_the_batch(night: HostileNight) -> None:
    night.listing.records = [thing(number, id=f"S-{number}") for number in range(96)]
    night.listing.raw = [raw(id=f'"T-{number}"', name='{"value": "x"}') for number in range(3)]
    assert night.run() == BatchCounts(99, 96, 3, 0)
    night.listing.raw.append(raw(id='"T-9"', owner='"x"'))
    with pytest.raises(ExpectationsFailedError, match="4 of 100 records have another shape than declared"):
        night.run()


@pytest.mark.parametrize("empty", ['""', '"  "', "null"])
@pytest.mark.parametrize("name", ["price", "gone", "tags", "owner", "name"])
def test_an_empty_text_is_no_value_of_any_kind(night: HostileNight, name: str, empty: str) -> None:
    night.listing.raw = [raw(**{name: empty})]
    if (name in ("name", "owner", "tags")) and empty == '"  "':
        pytest.skip("blanks are a text, and no object")
    assert night.run() == BatchCounts(1, 1, 0, 0)
    column = {"name": "thing_name", "owner": "email", "gone": "is_deleted"}.get(name, name)
    assert night.rows(f"select {column} from validated.testing__things") == [(None,)]


def test_a_text_whose_declaration_says_so_keeps_its_emptiness(night: HostileNight) -> None:
    night.declare(Field("name", "thing_name", keeps_empty=True))
    night.listing.raw = [raw(name='""')]
    night.run()
    assert night.rows("select thing_name from validated.testing__things") == [("",)]


def test_a_form_that_fails_over_one_value_sets_that_record_aside(night: HostileNight) -> None:
    night.declare(Field("price", "price", Kind.DECIMAL, form=Form(sql="(1000 / {}::numeric)::text")))
    night.listing.records = [thing(number, id=f"S-{number}") for number in range(40)]
    night.listing.raw = [raw(price='"0"'), raw(id='"T-3"', price='"many"')]
    assert night.run() == BatchCounts(42, 40, 2, 0)
    assert night.rows("select record_key, message from ops.dead_letters order by 1") == [
        ("T-2", "it cannot be checked (division by zero)"),
        ("T-3", "it cannot be checked (invalid input syntax for type numeric)"),
    ]


def test_an_expectation_that_fails_over_one_value_sets_that_record_aside(night: HostileNight) -> None:
    night.expect("select _row from {batch} where 1000 / (price - 5) < 0 and thing_name not like 'a%'")
    night.listing.records = [thing(number, id=f"S-{number}") for number in range(40)]
    night.listing.raw = [raw(price="5")]
    assert night.run() == BatchCounts(41, 40, 1, 0)
    assert night.run() == BatchCounts(41, 40, 1, 0)


def test_a_document_of_another_type_is_set_aside_before_anything_takes_values_out_of_it(
    night: HostileNight,
) -> None:
    night.declare(Field("tags", "tags", Kind.JSON, json_type="array"))
    night.listing.records = [thing(1)]
    night.listing.raw = [raw(tags='{"a": 1}'), raw(id='"T-3"', tags='""'), raw(id='"T-4"', tags="null")]
    assert night.run() == BatchCounts(4, 3, 1, 0)
    assert night.rows("select message from ops.dead_letters") == [
        ("tags holds something else where a list belongs",)
    ]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ('[{"quantity": "many"}]', "quantity in tags is not a number"),
        ('[{"quantity": ""}]', "quantity in tags is not a number"),
        ('[{"below": {"quantity": 1e400}}]', "quantity in tags is not a number"),
        ('[{"quantity": {"value": 1}}]', "quantity in tags is not a number"),
        ('[{"nodes": {"quantity": 1}}]', "nodes in tags is not a list"),
    ],
    ids=["words", "nothing", "too large", "an object", "no list"],
)
def test_a_value_that_is_taken_out_of_a_document_is_of_its_kind(
    night: HostileNight, tags: str, reason: str
) -> None:
    members = (("$.**.quantity", Kind.DECIMAL), ("$[*].nodes", Kind.JSON))
    night.declare(Field("tags", "tags", Kind.JSON, members=members))
    night.listing.raw = [
        raw(tags='[{"quantity": "2.50", "nodes": []}, {"quantity": null}]'),
        raw(id='"T-3"', tags=tags),
    ]
    assert night.run() == BatchCounts(2, 1, 1, 0)
    assert night.rows("select message from ops.dead_letters") == [(reason,)]
