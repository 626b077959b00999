"""What every system must hold to when its clock differs from ours, and when a change stamp lies in the future."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from concord.testing.bench import Bench, keys_of, read_all
from concord.testing.benches import systems_on_benches
from concord.testing.nights import Nights

FindBench = Callable[[str], Bench]
SYSTEMS = [item.name for item in systems_on_benches()]
BEHIND = timedelta(days=4)  # more than any overlap


@pytest.fixture
def nights(bench: FindBench, database: str, tmp_path: Path, name: str) -> Nights:
    return Nights(bench(name), database, tmp_path)


@pytest.fixture
def key(nights: Nights) -> str:
    return keys_of(nights.resource, read_all(nights.found.session(), nights.resource))[0]


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_change_by_a_clock_that_is_behind_is_read_the_next_night(nights: Nights, key: str) -> None:
    nights.found.desk.put_clock_back(BEHIND.total_seconds())
    end, behind, _ = nights.said(nights.run())
    assert abs(behind - BEHIND) < timedelta(minutes=1)
    assert nights.until - end >= BEHIND - timedelta(minutes=1)
    nights.found.desk.touch(nights.resource, key)
    assert nights.disposition(nights.run(), key) == "validated"


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_stamp_in_the_future_is_read_and_orders_no_versions(nights: Nights, key: str) -> None:
    nights.run()
    nights.found.desk.put_clock_back(-timedelta(days=3650).total_seconds())
    nights.found.desk.touch(nights.resource, key)
    nights.found.desk.put_clock_back(0)
    batch = nights.run()
    assert nights.disposition(batch, key) == "validated"
    assert nights.said(batch)[2] == 1
    nights.found.desk.touch(nights.resource, key)
    batch = nights.run()
    assert nights.disposition(batch, key) == "validated"
    assert nights.held(key) < datetime.now(UTC)  # type: ignore[operator]
