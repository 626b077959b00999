"""No step of a night costs more than its records: four times the records cost about four times as much.

The steps are reading with the list of all keys, validation, identities and phone numbers, planning, applying and
settling, verifying and undoing; dbt's models are not among them. Autovacuum is off, so a table has no statistics
but those that a step makes itself.
"""

from pathlib import Path

import pytest

from concord.local.postgres import Postgres
from concord.testing.databases import copy_of
from tests.store.growth import Cost, Growth
from tests.store.shopfront_vendor import running_vendor

FEW, MANY = 20_000, 80_000
MOST = 5.0  # times the blocks and rows; an index over four times the rows may be one level deeper
MOST_CPU = 9.0  # times the CPU seconds, which vary by half; each with each would be 16 times


@pytest.fixture(scope="module")
def costs(postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Cost]]:
    """What the steps cost over few records, and over four times as many."""
    measured = []
    for count in (FEW, MANY):
        with copy_of(postgres, template) as url, running_vendor() as vendor:
            suites: Path = tmp_path_factory.mktemp("suites")
            measured.append(Growth(url, vendor, suites, count=count).prepare().measure())
    return measured


def test_four_times_the_records_cost_no_step_much_more_than_four_times_as_much(
    costs: list[dict[str, Cost]],
) -> None:
    few, many = costs
    grown = {name: many[name].touched / few[name].touched for name in few}
    assert len(grown) == 8
    assert {name: times for name, times in grown.items() if times > MOST} == {}


def test_no_step_compares_each_row_with_each_in_memory(costs: list[dict[str, Cost]]) -> None:
    few, many = costs
    grown = {name: many[name].cpu / max(few[name].cpu, 0.5) for name in few}
    assert len(grown) == 8
    assert {name: times for name, times in grown.items() if times > MOST_CPU} == {}
