"""That there are written numbers whose limits are looked at."""

from concord.testing.suite.test_number_limits import LISTS, NUMBERS


def test_there_are_numbers_to_look_at() -> None:
    assert len(NUMBERS) > 8
    assert any(numbers for _, _, _, numbers in LISTS)
