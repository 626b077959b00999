"""What every test may ask for, with a clean environment, and which tests run in one worker."""

import os
from pathlib import Path
from zlib import crc32

import pytest
from xdist.scheduler import LoadScopeScheduling

from concord.registry import declared_systems
from concord.testing.benches import choose_benches
from concord.testing.environment import FOR_BENCHES, unseen_variables
from concord.testing.modules import Modules, in_package
from concord.testing.plantings import choose_plantings
from tests.systems import benches

pytest_plugins = ["concord.testing.standard"]
HERE = Path(__file__).parent
choose_benches(Modules(HERE / "systems/benches", in_package("tests.systems.benches"), benches.systems_on_benches))
choose_plantings(
    Modules(HERE / "expectations/planted", in_package("tests.expectations.planted"), declared_systems)
)
SUITE, SYSTEMS = "plugins/concord/testing/suite/", "tests/systems/"
# What shares servers or a first night, in so many parts.
TOGETHER = {SYSTEMS: 2, "tests/flow/": 1}
# What takes longest begins first, so that all workers end at about the same time.
LONGEST = (
    SUITE,
    *TOGETHER,
    *(f"tests/dags/test_{name}" for name in ("backfilling", "in_airflows_pages", "running", "canary")),
)
LONG = ("tests/dbt/", "tests/local/", "tests/real/", "tests/adding/", "tests/store/")
IN_USE = "salesforce,shopify,tryton"
os.environ["CONCORD_SYSTEMS"] = IN_USE  # for what is read while tests are collected


class ByServers(LoadScopeScheduling):
    """Tests that share a server run in one worker: those of a folder in TOGETHER, and of each other file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].replace(SUITE, SYSTEMS)
        number = crc32(file.encode())
        parts = TOGETHER.items()
        return next((f"{folder} {number % count}" for folder, count in parts if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByServers:
    config.option.loadscopereorder = False
    return ByServers(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the shuffled order, but for the files that take long."""
    order = (*LONGEST, *LONG, "")
    items.sort(key=lambda item: next(place for place, start in enumerate(order) if item.nodeid.startswith(start)))


def pytest_report_header() -> str:
    """Say which variables of whoever runs the tests are not seen by them."""
    names = [name for name in unseen_variables(os.environ) if name != "CONCORD_SYSTEMS"]
    told = f"not seen by tests: {', '.join(names)} (name what a bench needs {FOR_BENCHES}...)"
    return told if names else ""


@pytest.fixture(autouse=True)
def clean_environment(kept_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it, but for those that are meant for benches."""
    for name in unseen_variables(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONCORD_SYSTEMS", IN_USE)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
