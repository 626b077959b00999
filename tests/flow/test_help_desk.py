"""A business with a system that only its project knows: its customers are matched with the CRM's, and written.

The project is the one in `examples/help_desk/`, as it lies there: its declaration, models, suites, rules, server
and records of the world are found because it is the project that is run.
"""

from datetime import datetime
from pathlib import Path

import pytest

from concord import registry
from concord.installed import PRODUCT
from sandbox.referee.verdict import LEAST_AGREEMENT, LEAST_RECALL
from sandbox.world import generate
from tests.flow.two_nights import run_two_nights

pytestmark = pytest.mark.flow

PROJECT = PRODUCT / "examples" / "help_desk"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONCORD_PROJECT", str(PROJECT))
    monkeypatch.delenv("CONCORD_SYSTEMS")
    return PROJECT


@pytest.mark.usefixtures("project")
def test_requesters_and_contacts_are_matched_and_each_gets_what_the_other_owns(
    database: str, as_of: datetime, tmp_path: Path
) -> None:
    world = generate(55, as_of=as_of, customers=100, products=20, orders=200)
    nights = run_two_nights([item.name for item in registry.systems()], world, database, tmp_path)
    nights.assert_right(agreement=LEAST_AGREEMENT)
    assert nights.before.agreed < nights.before.compared
    assert nights.verdict.recall >= LEAST_RECALL
    assert nights.verdict.dead_letters.planted == 1
    assert nights.written() == {
        ("deskly requesters requester_name", "from hubspot: customer_name"),
        ("deskly requesters email", "from hubspot: email"),
        ("deskly requesters phone", "from hubspot: phone"),
        ("deskly tickets priority", "its order was cancelled"),
        ("hubspot contacts phone", "from deskly: phone"),
    }
