"""The steps of a night, with a real PostgreSQL and a small vendor's HTTP server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.round_trip import RoundTrip
from tests.store.shopfront_vendor import Vendor, running_vendor


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with running_vendor() as vendor:
        yield vendor


@pytest.fixture
def trip(database: str, vendor: Vendor, tmp_path: Path) -> RoundTrip:
    return RoundTrip(database, vendor, tmp_path / "suites").prepare()
