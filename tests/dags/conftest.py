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

from concord.settings import REPOSITORY


@pytest.fixture(scope="session")
def dagbag() -> DagBag:
    return DagBag(REPOSITORY / "dags")


@pytest.fixture(scope="session")
def dags(dagbag: DagBag) -> Mapping[str, DAG]:
    assert dagbag.import_errors == {}
    return dagbag.dags
