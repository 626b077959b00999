"""Rows for COPY: the fast and the careful encoder give the same rows for all records."""

import json
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as some

from concord.contract import ChangedBetween, Field, Kind, Resource, Snapshot
from concord.stages.extract.rows import RowShaper
from tests.store.listing import Listing, declare

UNESCAPED = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"))
RECORDS = some.lists(
    some.fixed_dictionaries(
        {
            "id": TEXT | some.sampled_from(["None", "a\tb", "a\\nb", "Straße", '"']),
            "name": some.none() | TEXT | some.integers(),
            "price": some.none() | some.decimals(allow_nan=False, allow_infinity=False).map(str) | some.booleans(),
            "owner": some.none() | some.fixed_dictionaries({"mail": some.none() | TEXT}),
            "tags": some.none() | some.lists(TEXT, max_size=2),
        },
        optional={"gone": some.booleans(), "extra": TEXT},
    ),
    min_size=1,
    max_size=6,
)


def shaper() -> RowShaper:
    return RowShaper(declare(Listing(), ChangedBetween("updated_at")).resources[0], "b")


def read_rows(block: bytes) -> list[list[str | None]]:
    """COPY's own reading of its text format."""
    lines = block.decode().split("\n")
    assert lines.pop() == ""
    return [[None if cell == "None" else unescape(cell) for cell in line.split("\t")] for line in lines]


def unescape(cell: str) -> str:
    if cell == "\\None":
        return "None"
    read, rest = "", cell
    while rest:
        if rest[0] == "\\":
            read, rest = read + UNESCAPED[rest[:2]], rest[2:]
        else:
            read, rest = read + rest[0], rest[1:]
    return read


def as_values(rows: list[list[str | None]], columns: list[str]) -> list[dict[str, Any]]:
    documents = ("tags", "_payload")
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [{**row, **{name: json.loads(row[name] or "null") for name in documents}} for row in found]


@given(records=RECORDS)
@settings(max_examples=150, deadline=None)
def test_both_ways_say_the_same_and_keep_the_payload(records: list[dict[str, Any]]) -> None:
    page = [msgspec.Raw(json.dumps(record, ensure_ascii=False).encode()) for record in records]
    with_tab = [msgspec.Raw(bytes(raw)[:-1] + b', "tab": "\\t"}') for raw in page]
    quick, careful = shaper(), shaper()
    rows = as_values(read_rows(quick.shape(page)), quick.columns)
    careful_rows = as_values(read_rows(careful.shape(with_tab)), careful.columns)
    assert [row.pop("_payload") for row in careful_rows] == [{**record, "tab": "\t"} for record in records]
    assert [row.pop("_payload") for row in rows] == records
    assert rows == careful_rows
    assert [row["source_id"] for row in rows] == [record["id"] for record in records]
    assert quick.received == len(records)


def test_a_number_keeps_every_digit() -> None:
    number = "12345678901234567890.1234567890123456789"
    rows = RowShaper(with_price(), "b").shape([msgspec.Raw(f'{{"id": "1", "price": {number}}}'.encode())])
    assert number in rows.decode().split("\t")


def with_price() -> Resource:
    fields = (Field("id", "source_id", required=True), Field("price", "price", Kind.DECIMAL))
    return replace(declare(Listing(), Snapshot()).resources[0], fields=fields, deleted="")
