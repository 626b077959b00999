"""The benches of the shop and of the ERP, for the tests of what only they do."""

import pytest

from concord.testing.bench import Bench
from concord.testing.open_benches import FindBench


@pytest.fixture
def shopify(bench: FindBench) -> Bench:
    return bench("shopify")


@pytest.fixture
def erp(bench: FindBench) -> Bench:
    return bench("tryton")
