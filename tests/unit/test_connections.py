"""A connection's extra fields are read by their types, or refused with what to do."""

import pytest

from concord.errors import ConfigurationError
from concord.settings import Connection


def saying(**extra: object) -> Connection:
    return Connection("shopify_default", "https://shop.example", extra=extra)


def test_a_number_may_be_text_or_a_number() -> None:
    assert saying(bulk_read_above="2500").number("bulk_read_above", 10) == 2500
    assert saying(bulk_read_above=0.5).number("bulk_read_above", 10) == 0.5
    assert saying().number("bulk_read_above", 10) == 10


@pytest.mark.parametrize("text", ["many", "-1", "nan", "inf", "1e999", "10_0 rows"])
def test_what_is_no_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r'"bulk_read_above" .* which is not a number; write it like 10, in'
    ):
        saying(bulk_read_above=text).number("bulk_read_above", 10)


def test_a_zone_is_read_and_without_one_it_is_what_is_asked_for() -> None:
    assert saying(time_zone="Europe/Berlin").zone().key == "Europe/Berlin"
    assert saying().zone().key == "UTC"


@pytest.mark.parametrize("text", ["Europe/Nowhere", "../etc/passwd", "/etc/passwd", "Mars"])
def test_what_is_no_zone_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r'"time_zone" .* which is not a time zone; write it like Europe'):
        saying(time_zone=text).zone()


def test_a_needed_entry_that_lacks_is_named_with_where_to_set_it() -> None:
    with pytest.raises(
        ConfigurationError, match=r'"shopify_default" lacks "time_zone".*AIRFLOW_CONN_SHOPIFY_DEFAULT'
    ):
        saying().zone(None)
