"""The bytes of a column are read and written as the host does; examples are the host's."""

from decimal import Decimal

import pytest

from concord.errors import ContractError, ContractViolationError
from concord.protocols.files.decoding import decode_column
from concord.protocols.files.encoding import encode_column, encode_record
from concord.protocols.files.layout import (
    Belonging,
    Column,
    FileLayout,
    Meaning,
    RecordLayout,
    Total,
    binary,
    flag,
    packed,
    text,
    unsigned,
    zoned,
)
from concord.systems.ibm_i.layouts import ENVELOPE, ORDERS, number_lines

NUMBERS = [
    (packed("N", 2, digits=7), "0012345c", 12345),
    (packed("N", 2, digits=7), "0012345d", -12345),
    (packed("N", 2, digits=7), "0012345f", 12345),
    (packed("N", 2, digits=5), "00000f", 0),
    (packed("N", 2, digits=6, scale=2), "0012345c", Decimal("123.45")),
    (packed("N", 2, digits=15), "000000000012345b", -12345),
    (zoned("N", 2, digits=7), "f0f0f1f2f3f4f5", 12345),
    (zoned("N", 2, digits=7), "f0f0f1f2f3f4d5", -12345),
    (zoned("N", 2, digits=5), "f0f0f1f2d0", -120),
    (zoned("N", 2, digits=5, scale=2), "f0f0f1f2c5", Decimal("1.25")),
    (binary("N", 2, digits=4), "fff6", -10),
    (binary("N", 2, digits=9, scale=2), "00003039", Decimal("123.45")),
]
DAYS = [
    (Meaning.CENTURY_DATE, 7, "1261102f", "2026-11-02"),
    (Meaning.CENTURY_DATE, 7, "0991231f", "1999-12-31"),
    (Meaning.CENTURY_DATE, 7, "0000000f", None),
    (Meaning.CENTURY_DATE, 7, "9999999f", None),
    (Meaning.CENTURY_DAY, 6, "0126306f", "2026-11-02"),
    (Meaning.FULL_DATE, 8, "020261102f", "2026-11-02"),
    (Meaning.TIME, 6, "0091431f", "09:14:31"),
]


def decode(column: Column, *cells: str, page: str = "cp037") -> tuple[list[object], list[int]]:
    return decode_column(column, [bytes.fromhex(cell) for cell in cells], page)


@pytest.mark.parametrize(("column", "cell", "value"), NUMBERS, ids=[row[1] for row in NUMBERS])
def test_numbers_are_read_by_digit_and_sign(column: Column, cell: str, value: object) -> None:
    assert decode(column, cell, cell) == ([value, value], [])


@pytest.mark.parametrize(("meaning", "digits", "cell", "value"), DAYS, ids=[row[2] for row in DAYS])
def test_dates_and_times_are_read_in_the_host_s_styles(
    meaning: Meaning, digits: int, cell: str, value: str | None
) -> None:
    assert decode(packed("D", 2, digits=digits, meaning=meaning), cell) == ([value], [])


@pytest.mark.parametrize(("value", "cell"), [(12345, "0012345f"), (0, "0000000f"), (None, "0000000f")])
def test_a_number_without_a_sign_is_written_with_the_nibble_f(value: object, cell: str) -> None:
    column = unsigned("N", 2, digits=7)
    assert encode_column(column, value, "cp037").hex() == cell
    assert decode(column, cell, cell.replace("f", "c")) == ([value or 0] * 2, [])
    assert encode_column(packed("N", 2, digits=7), 12345, "cp037").hex() == "0012345c"


def test_a_number_without_a_sign_is_never_negative() -> None:
    column = unsigned("N", 2, digits=7)
    with pytest.raises(ContractViolationError, match="negative"):
        encode_column(column, -1, "cp037")
    assert decode(column, "0000001f", "0000001d", "0000002c") == ([1, None, 2], [1])


@pytest.mark.parametrize("cell", ["0012a45c", "00123459", "40400c0c", "1f2f3f4f"])
def test_a_bad_nibble_is_named_and_its_neighbours_are_read(cell: str) -> None:
    column = packed("N", 2, digits=7)
    assert decode(column, "0000001c", cell, "0000003d") == ([1, None, -3], [1])


@pytest.mark.parametrize("cell", ["40404040", "00000000"])
def test_blanks_and_low_values_are_no_number(cell: str) -> None:
    assert decode(packed("N", 2, digits=7), cell, "0000003c") == ([None, 3], [])


@pytest.mark.parametrize("cell", ["1261302f", "1260230f", "1261102d"])
def test_a_day_that_is_none_cannot_be_read(cell: str) -> None:
    column = packed("D", 2, digits=7, meaning=Meaning.CENTURY_DATE)
    assert decode(column, cell, "1261102f") == ([None, "2026-11-02"], [0])


def test_digits_beyond_the_declared_are_no_number() -> None:
    assert decode(packed("N", 2, digits=6), "1234567c") == ([None], [0])
    assert decode(binary("N", 2, digits=4), "7fff") == ([None], [0])


@pytest.mark.parametrize(("page", "cell"), [("cp037", "5aba7cc0"), ("cp500", "4f4a7cc0"), ("cp273", "4f63b543")])
def test_the_same_letters_lie_elsewhere_in_each_code_page(page: str, cell: str) -> None:
    assert decode(text("T", 2, 5), cell, page=page) == (["![@{"], [])


def test_text_loses_the_blanks_behind_it_and_no_others() -> None:
    assert decode(text("T", 2, 6), "40c14040c2", "c140404040", "4040404040") == ([" A  B", "A", None], [])


@pytest.mark.parametrize("cell", ["c10cc2", "c115c2", "00c1c2", "c1ffff"])
def test_text_with_control_characters_cannot_be_read(cell: str) -> None:
    assert decode(text("T", 2, 4), "c1c2c3", cell) == (["ABC", None], [1])


@pytest.mark.parametrize("cell", ["000000", "ffffff"])
def test_low_and_high_values_are_no_text(cell: str) -> None:
    assert decode(text("T", 2, 4), cell) == ([None], [])


def test_a_flag_is_its_letter_or_blank() -> None:
    assert decode(flag("F", 2, yes="D"), "c4", "40", "c5") == ([True, False, False], [2])


@pytest.mark.parametrize(("column", "cell", "value"), NUMBERS, ids=[row[1] for row in NUMBERS])
def test_what_is_written_is_what_was_read(column: Column, cell: str, value: object) -> None:
    assert decode_column(column, [encode_column(column, value, "cp037")], "cp037") == ([value], [])
    assert encode_column(column, value, "cp037").hex()[:-2] == cell[:-2]


@pytest.mark.parametrize(("meaning", "digits", "cell", "value"), DAYS[:2] + DAYS[4:], ids=str)
def test_dates_are_written_as_they_are_read(meaning: Meaning, digits: int, cell: str, value: str) -> None:
    assert encode_column(packed("D", 2, digits=digits, meaning=meaning), value, "cp037").hex() == cell


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        (text("T", 2, 4), "LONGER", "longer than 3"),
        (text("T", 2, 9), "артикул", "letter that code page"),
        (text("T", 2, 9), "a\nb", "control character"),
        (packed("N", 2, digits=3), 1000, "more than 3 digits"),
        (packed("N", 2, digits=5, scale=2), "1.234", "at most 2 decimals"),
        (packed("N", 2, digits=5), "NaN", "not a number"),
        (zoned("N", 2, digits=5), "five", "not a number"),
        (packed("D", 2, digits=7, meaning=Meaning.CENTURY_DATE), "yesterday", "not a date"),
    ],
)
def test_what_does_not_fit_is_refused_without_saying_it(column: Column, value: object, why: str) -> None:
    with pytest.raises(ContractViolationError, match=why) as caught:
        encode_column(column, value, "cp037")
    assert str(value) not in caught.value.message


def test_a_record_is_blank_where_nothing_is_said() -> None:
    written = encode_record(ORDERS, ORDERS.record("L"), {"ORDNO": 700001, "ITEMNO": "LAM-1"}, "cp037")
    assert len(written) == ORDERS.length
    assert written[:6].hex() == "d3000700001f"
    assert written[9:24].decode("cp037") == "LAM-1".ljust(15)
    assert written[42:] == b"\x40" * 58


def test_lines_of_ours_are_numbered_counted_and_added_up() -> None:
    lines = [{"ITEMNO": "A", "QTY": 2, "UNTPRC": "1.2500"}, {"ITEMNO": "B", "QTY": "3", "UNTPRC": "0.3333"}]
    order = number_lines({"REFNO": "R-1", "lines": lines})
    assert (order["LINCNT"], order["ORDTOT"]) == (2, Decimal("3.50"))
    assert [(line["REFNO"], line["LINNO"]) for line in order["lines"]] == [("R-1", 1), ("R-1", 2)]
    with pytest.raises(ContractViolationError, match="needs ITEMNO"):
        number_lines({"REFNO": "R-1", "lines": [{"ITEMNO": "A"}]})


def layout_of(*records: RecordLayout, page: str = "cp037", totals: tuple[Total, ...] = ()) -> FileLayout:
    return FileLayout("FILE", 40, page, ENVELOPE, records, totals)


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (lambda: packed("N", 2, digits=5, scale=6), "6 decimals of 5"),
        (lambda: text("T", 4, 3), "ends at 3"),
        (lambda: RecordLayout("A", (text("T", 2, 5), text("U", 5, 6))), "overlap"),
        (lambda: RecordLayout("A", (text("T", 2, 5), text("T", 6, 7))), "twice"),
        (lambda: layout_of(RecordLayout("A", (text("T", 2, 41),))), "outside bytes 2 to 40"),
        (lambda: layout_of(RecordLayout("A", (text("T", 1, 4),))), "outside bytes 2 to 40"),
        (lambda: layout_of(RecordLayout("H", (text("T", 2, 4),))), "one letter"),
        (lambda: layout_of(RecordLayout("A", (text("T", 2, 4),)), page="cp9999"), "unknown"),
        (lambda: layout_of(RecordLayout("A", (text("T", 2, 4),)), page="utf-16"), "one byte"),
        (
            lambda: layout_of(RecordLayout("A", (text("T", 2, 4),)), totals=(Total("HSHTOT", "A", "X"),)),
            "no column 'X'",
        ),
        (
            lambda: layout_of(RecordLayout("A", (text("T", 2, 4),), belongs=Belonging("Z", "lines"))),
            "no record 'Z'",
        ),
    ],
)
def test_a_wrong_layout_is_refused_when_it_is_built(build: object, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        build()  # type: ignore[operator]
