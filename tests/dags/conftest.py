"""The Dags, parsed once, with an Airflow home that nobody else uses."""

import os
import tempfile
from collections.abc import Mapping

import pytest

# Airflow reads its settings while it is imported, which is before the first fixture.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG

from concord.installed import PRODUCT


@pytest.fixture(scope="session")
def dagbag() -> DagBag:
    return DagBag(PRODUCT / "dags")


@pytest.fixture(scope="session")
def dags(dagbag: DagBag) -> Mapping[str, DAG]:
    assert dagbag.import_errors == {}
    return dagbag.dags


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cases of one running Airflow follow each other: its runs of one test are the history of the next."""
    for name in ("test_backfilling.py", "test_in_airflows_pages.py"):
        places = [place for place, item in enumerate(items) if item.path.name == name]
        in_order = sorted((items[place] for place in places), key=lambda item: item.reportinfo()[1] or 0)
        for place, item in zip(places, in_order, strict=True):
            items[place] = item
