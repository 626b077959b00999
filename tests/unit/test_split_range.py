"""Which windows a backfill reads: every moment of the range once, in windows of the step."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from concord import registry
from concord.contract import ChangedBetween, System
from concord.errors import ConfigurationError
from concord.stages.extract.split_range import STEPS, Range, refuse_unknown_resources, split_range

NOW = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
JANUARY = (date(2026, 1, 15), date(2026, 3, 9))


def split(step: str | None, first: date = JANUARY[0], last: date = JANUARY[1], name: str = "shopify") -> dict:
    wanted = Range(first=first, last=last, step=step)
    windows: dict = {}
    for item in split_range(registry.system(name), wanted, NOW):
        windows.setdefault(item.resource, []).append(item.window)
    return windows


@pytest.mark.parametrize("system", registry.declared_systems(), ids=lambda system: system.name)
@pytest.mark.parametrize("step", [None, *STEPS])
def test_every_moment_of_the_range_is_read_once_of_every_resource(system: System, step: str | None) -> None:
    windows = split(step, name=system.name)
    assert set(windows) == {resource.name for resource in system.resources}, "a system is left out"
    for found in windows.values():
        assert found[0].start == datetime(2026, 1, 15, tzinfo=UTC)
        assert found[-1].end == datetime(2026, 3, 10, tzinfo=UTC)
        assert all(one.end == other.start for one, other in pairwise(found))


@pytest.mark.parametrize(("step", "count"), [("day", 54), ("week", 8), ("month", 3), ("all", 1), (None, 3)])
def test_the_step_cuts_the_range(step: str | None, count: int) -> None:
    assert len(split(step)["orders"]) == count


def test_a_month_begins_with_its_first_day() -> None:
    assert [f"{window.start:%m-%d}" for window in split("month")["orders"]] == ["01-15", "02-01", "03-01"]


def test_only_the_resources_that_are_named_are_read() -> None:
    wanted = Range(first=JANUARY[0], last=JANUARY[1], resources=frozenset({"orders", "customers"}))
    found = split_range(registry.system("shopify"), wanted, NOW)
    assert {item.resource for item in found} == {"orders", "customers"}


def test_of_today_what_is_over_is_read() -> None:
    [window] = split("all", last=NOW.date())["orders"]
    assert window.end == NOW


def test_a_resource_without_history_is_read_once_and_only_with_the_newest_night() -> None:
    system = registry.system("shopify")
    snapshots = {item.name for item in system.resources if not isinstance(item.changes, ChangedBetween)}
    assert snapshots
    assert all(len(split("day")[name]) == 1 for name in snapshots)
    assert snapshots.isdisjoint(split("day", last=JANUARY[1] - timedelta(days=2)))


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (date(2026, 3, 9), date(2026, 3, 8), "The last day, 2026-03-08, lies before the first"),
        (date(2026, 3, 9), date(2026, 3, 11), "2026-03-11 lies in the future"),
    ],
)
def test_a_range_that_cannot_be_read_is_refused(first: date, last: date, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        split(None, first, last)


def test_an_unknown_resource_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="There is no resource ordes in shopify; there are"):
        refuse_unknown_resources([registry.system("shopify")], ["orders", "ordes"])
