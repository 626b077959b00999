"""What the standard suite stands on: a world, the servers of the benches, and the suite's place among the tests.

Whoever runs the tests that lie beside the folder of benches runs the suite with them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from concord.testing.bench import Bench
from concord.testing.benches import facts_of, folder_of_benches
from concord.testing.open_benches import AS_OF, FindBench, OpenBenches
from sandbox.world import World, generate

pytest_plugins = ["concord.testing.databases", "concord.testing.landing"]
SUITE = Path(__file__).parent / "suite"
_open: list[OpenBenches] = []


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let the suite be collected where the folder beside the benches is, or one above it."""
    beside = folder_of_benches().parent
    asked = [(config.invocation_params.dir / name.partition("::")[0]).resolve() for name in config.args]
    if any(beside.is_relative_to(path) for path in asked) and str(SUITE) not in config.args:
        config.args.append(str(SUITE))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End the servers when the next test is one of another folder, which asks for no bench."""
    places = (SUITE, folder_of_benches().parent)
    if nextitem is None or not any(nextitem.path.is_relative_to(place) for place in places):
        for benches in _open:
            benches.close()


@pytest.fixture(autouse=True)
def kept_environment() -> Iterator[None]:
    """What a test sets in the environment of its process ends with it, as `--project` of the command line."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def world() -> World:
    """The small business with which the servers are filled."""
    return generate(7, as_of=AS_OF, customers=120, products=40, orders=120)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[FindBench]:
    """The bench of a system by its name; its server starts when it is first asked for."""
    benches = OpenBenches(lambda name: facts_of(name).open(world, tmp_path_factory.mktemp(name)))
    _open[:] = [benches]
    yield benches.find
    benches.close()


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
