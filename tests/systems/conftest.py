"""Every declared system against a running server of its own, loaded from one small world."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from sandbox.world import World, generate
from tests.systems.bench import Bench
from tests.systems.benches import facts_of
from tests.systems.open_benches import OpenBenches

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
FindBench = Callable[[str], Bench]


@pytest.fixture(scope="package")
def world() -> World:
    return generate(7, as_of=AS_OF, customers=120, products=40, orders=120)


@pytest.fixture(scope="package")
def opened(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[FindBench]:
    """The bench of a system by its name; its server starts when it is first asked for."""
    with ExitStack() as stack:
        yield OpenBenches(lambda name: facts_of(name).open(world, tmp_path_factory.mktemp(name)), stack).find


@pytest.fixture
def bench(request: pytest.FixtureRequest, opened: FindBench) -> Iterator[FindBench]:
    """The bench of a system by its name; its faults are taken away after the test."""
    used: list[Bench] = []

    def find(name: str) -> Bench:
        reason = facts_of(name).skips.get(request.function.__name__.removeprefix("test_"))
        if reason:
            pytest.skip(reason)
        used.append(opened(name))
        return used[-1]

    yield find
    for item in used:
        item.desk.reset()


@pytest.fixture
def shopify(bench: FindBench) -> Bench:
    return bench("shopify")


@pytest.fixture
def erp(bench: FindBench) -> Bench:
    return bench("tryton")
