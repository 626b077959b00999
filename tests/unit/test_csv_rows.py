"""Rows of a CSV text are told apart, also where the quotes of one of them do not match."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as some

from concord.protocols.csv_rows import split_rows

BEFORE, AFTER = b'"1","Ada"\n', b'"3","Eve"\n"4","Max, ""the"" second\nline"\n'
DAMAGED = [
    *(b'"2","Ben "x", y"', b'"2","Ben', b'2","Ben"', b'"2",Ben"', b'"2","Ben""', b'"2,"Ben"', b'"2"x,"Ben"'),
    *(b'"2","Ben","x"', b'"2"', b'"2" "Ben"', b'""2","Ben"', b'"2","B\nen'),
]
cells = some.text(alphabet='ab, "\n\r\u00eb', max_size=6)
rows = some.lists(some.tuples(some.integers(0, 9).map(str), cells), min_size=1, max_size=4)


def written(found: list[tuple[str, str]]) -> bytes:
    quoted = [[cell.replace('"', '""') for cell in row] for row in found]
    return "".join(f'"{number}","{text}"\n' for number, text in quoted).encode()


@pytest.mark.parametrize("damaged", DAMAGED, ids=[str(row) for row in DAMAGED])
def test_a_row_whose_quotes_do_not_match_is_lost_alone(damaged: bytes) -> None:
    whole, others = split_rows(b'"Id","Name"\n' + BEFORE + damaged + b"\n" + AFTER)
    assert whole == [["Id", "Name"], ["1", "Ada"], ["3", "Eve"], ["4", 'Max, "the" second\nline']]
    assert others == [damaged + b"\n"]


@given(found=rows)
@settings(deadline=None, database=None, derandomize=True, phases=[Phase.generate])
def test_what_is_written_well_is_read_as_it_is(found: list[tuple[str, str]]) -> None:
    assert split_rows(written([("Id", "Name"), *found])) == ([["Id", "Name"], *map(list, found)], [])


def test_a_text_that_ends_within_a_row_is_cut_off() -> None:
    with pytest.raises(ValueError, match="a row of the file is cut off"):
        split_rows(b'"Id","Name"\n"1","Ada"\n"2","B')


def test_without_names_of_columns_nothing_is_read() -> None:
    with pytest.raises(ValueError, match="names the columns"):
        split_rows(b'"Id,"Name"\n"1","Ada"\n')
