"""A warehouse with the tables of the systems that have suites, and a way to land records in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from concord.registry import system
from concord.stages.validate.check import ExpectationResults, check_batch
from concord.stages.validate.expectations import Suite
from concord.store.engine import Database
from concord.store.tables import create_tables, table_name
from concord.testing.plantings import Row, systems_with_suites


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Lands records and checks them as validation does."""

    url: str

    def land(self, resource: str, batch_id: str, rows: Sequence[Row]) -> None:
        """Put records of `system/resource` into a batch."""
        with psycopg.connect(self.url) as connection:
            for number, row in enumerate(rows):
                landed = {**row, "_batch_id": batch_id, "_row": number, "_payload": "{}"}
                connection.execute(
                    sql.SQL("insert into {} ({}) values ({})").format(
                        sql.Identifier("landing", _table(resource)),
                        sql.SQL(", ").join(map(sql.Identifier, landed)),
                        sql.SQL(", ").join(sql.Placeholder() * len(landed)),
                    ),
                    list(landed.values()),
                )

    def check(self, resource: str, batch_id: str, suite: Suite) -> ExpectationResults:
        """What of the suite does not hold."""
        relation = f"landing.{_table(resource)}__typed"
        return check_batch(Database(self.url), relation=relation, batch_id=batch_id, suite=suite)

    def failing(self, results: ExpectationResults) -> dict[str, list[int]]:
        """The rows that each reason sets aside, found by the SQL that validation runs."""
        with psycopg.connect(self.url) as connection:
            connection.execute("set role concord_loader")
            return {
                failure.reason: sorted(row for (row,) in connection.execute(sql.SQL(failure.query)))
                for failure in results.row_failures
            }


def _table(resource: str) -> str:
    owner, name = resource.split("/")
    return table_name(system(owner), system(owner).resource(name))


@pytest.fixture(scope="module")
def warehouse(module_database: str) -> Warehouse:
    """A warehouse that the tests of one module share."""
    for declared in systems_with_suites():
        for resource in declared.resources:
            create_tables(Database(module_database), declared, resource)
    return Warehouse(module_database)
