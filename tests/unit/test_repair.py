"""A page with something in it that is not valid JSON: all records but that one stay as they are."""

import json
import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as some

from concord.protocols.repair import as_received, repaired

GARBAGE = [
    *(
        b"NaN",
        b"tru",
        b"0x1F",
        b"007",
        b"-",
        b"1e",
        b"\xff",
        b'"a\xff"',
        b'"a\\ud83d"',
        b'"\0"',
        b"'x'",
        b"/* x */",
    ),
    *(b'"a" b', b'"a" "b"', b"1 2", b'"Zo "the" x"', b'"Zo "a, b" c"', b"", b",", b":", b"{,}", b"[1,]", b"{} []"),
    *(b'{"a" 1}', b"{1: 2}", b'{"a": {}{}}', b'{"a":}', b'{"a": 1: 2}', b"[" * 300 + b"]" * 300),
]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
records = some.dictionaries(some.text(min_size=1), values, max_size=4)


lists = some.lists(records, max_size=3)


@given(before=lists, after=lists, garbage=some.sampled_from(GARBAGE))
@settings(deadline=None, database=None)
def test_whatever_one_record_holds_the_others_are_as_they_came(
    before: list[object], after: list[object], garbage: bytes
) -> None:
    damaged = b'{"id": 7, "x": ' + garbage + b', "y": 1}'
    pieces = [*map(as_json, before), damaged, *map(as_json, after)]
    page = b'{"records": [' + b", ".join(pieces) + b'], "next": "abc"}'
    mended = repaired(page)
    assert mended is not None
    assert as_received(mended) == page
    found = json.loads(mended)
    assert (found["next"], len(found["records"])) == ("abc", len(pieces))
    assert found["records"][: len(before)] == before
    assert found["records"][len(before) + 1 :] == after
    assert found["records"][len(before)]["id"] == 7


BRACKETS = re.compile(rb'[][{}"]')
PUT_IN = [b"", b"{", b"}", b"[", b"]", b'"', b"}}", b"[{", b"]]"]
words = some.text(alphabet="abc ", max_size=5)
line = some.fixed_dictionaries({"sku": words, "tags": some.lists(words, max_size=2), "size": some.integers(0, 9)})
named = some.fixed_dictionaries(
    {"id": some.integers(0, 99), "name": words, "at": line, "lines": some.lists(line, max_size=2), "end": words}
).map(lambda found: {"id": found["id"], **found})


@given(before=some.lists(named, max_size=3), it=named, after=some.lists(named, max_size=3), data=some.data())
@settings(deadline=None, database=None, derandomize=True, phases=[Phase.generate], max_examples=300)
def test_one_record_whose_brackets_or_quotes_do_not_match_is_lost_alone(
    before: list[object], it: object, after: list[object], data: some.DataObject
) -> None:
    whole = as_json(it)
    place = data.draw(some.sampled_from([found.start() for found in BRACKETS.finditer(whole)]))
    damaged = whole[:place] + data.draw(some.sampled_from(PUT_IN)) + whole[place + 1 :]
    pieces = [*map(as_json, before), damaged, *map(as_json, after)]
    page = b'{"records": [' + b", ".join(pieces) + b'], "next": "abc"}'
    mended = repaired(page)
    assert mended is not None
    assert as_received(mended) == page
    found = json.loads(mended)
    assert found["next"] == "abc"
    assert found["records"][: len(before)] == before
    assert found["records"][len(found["records"]) - len(after) :] == after


@given(page=values)
@settings(deadline=None, database=None)
def test_what_can_be_read_is_not_touched(page: object) -> None:
    content = json.dumps(page, indent=1).encode()
    assert repaired(content) == content


@pytest.mark.parametrize("page", [b'{"a": [}', b'{"a": 1', b"]", b'{"a": "x'])
def test_a_page_whose_brackets_do_not_match_cannot_be_mended(page: bytes) -> None:
    assert repaired(page) is None or repaired(page) == page
