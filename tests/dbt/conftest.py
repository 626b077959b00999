"""A warehouse after one night's reconciliation, before anything is written back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from concord.registry import systems
from concord.settings import Settings
from concord.stages.reconcile.build import BuiltCounts, build, build_again
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.standing import Standing
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import Database
from sandbox.world import World, generate
from tests.conftest import IN_USE
from tests.dbt.parsed import handed_on
from tests.dbt.world_rows import load_world, prepare_tables

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Runs the steps of `reconcile` on one database, and queries their results."""

    database: Database
    settings: Settings
    systems: str = IN_USE

    def run(self, run_id: str) -> None:
        with self.environment():
            build(self.settings, self.database, systems(), run_id=run_id)

    def report(self, run_id: str) -> BuiltCounts:
        with self.environment():
            return build_again(self.settings, self.database, systems(), run_id=run_id)

    def prepare(self, run_id: str) -> int:
        with self.environment():
            project = parse_project(self.settings, systems())
            return prepare(project, self.database, Standing(project.manifest, systems()), run_id=run_id)

    def build(self, select: str, run_id: str) -> int:
        with self.environment():
            project = parse_project(self.settings, systems())
            return run_dbt(project, self.database, select=select, run_id=run_id)

    @contextmanager
    def environment(self) -> Iterator[None]:
        """The systems are in use; dbt writes no log, which it would leave open."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DBT_LOG_LEVEL_FILE", "none")
            environment.setenv("CONCORD_SYSTEMS", self.systems)
            with handed_on(self.settings, self.systems):
                yield

    def rows(self, query: str) -> list[Row]:
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql.SQL(query)).fetchall()

    def value(self, query: str) -> object:
        ((value,),) = self.rows(query)
        return value


@pytest.fixture(scope="module")
def all_in_use() -> Iterator[None]:
    """All systems are in use."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CONCORD_SYSTEMS")
        yield


@pytest.fixture(scope="module")
def reconciliation(
    module_database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Reconciliation:
    """A warehouse whose systems have no records at all; a module's SYSTEMS are in use (all where it is empty)."""
    database = Database(module_database)
    prepare_tables(database)
    home = tmp_path_factory.mktemp("home")
    settings = Settings(warehouse_url=module_database, home=home, reports=home)
    return Reconciliation(database, settings, getattr(request.module, "SYSTEMS", IN_USE))


@pytest.fixture(scope="session")
def world() -> World:
    return generate(7, as_of=AS_OF, customers=500, products=200, orders=1500)


@pytest.fixture(scope="module")
def night(reconciliation: Reconciliation, world: World) -> Reconciliation:
    """The default world, reconciled once."""
    load_world(reconciliation.database, world)
    reconciliation.run("first")
    return reconciliation
