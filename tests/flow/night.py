"""A whole night without Airflow: the same stages in the same order as the Dags, in this process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from concord import registry
from concord.contract import Resource, System, Window
from concord.errors import OutcomeUnknownError, TransientError
from concord.protocols.session.client import HttpSession
from concord.settings import Connection, Settings
from concord.stages.extract.choose_window import continue_coverage
from concord.stages.extract.read_window import extract_window
from concord.stages.reconcile.build import BuiltCounts, build, build_again
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.standing import Standing
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.stages.sessions import open_session
from concord.stages.validate.judge import BatchCounts, validate_batch
from concord.stages.write_back.apply import PlanOutcome, apply_plan
from concord.stages.write_back.approve import approve
from concord.stages.write_back.plan import PlanSummary, plan_changes
from concord.stages.write_back.undo import plan_undo
from concord.stages.write_back.verify import VerifyCounts, verify_plan
from concord.store.engine import Database

DAY = timedelta(days=1)
EARLY = timedelta(hours=3)  # in the morning, when all that was due has been read
PAGE = 23
A_PERSON = "a person"
FIRST = "night 1"
TRIES = 4


@contextmanager
def dbt_without_log() -> Iterator[None]:
    """dbt never closes its log file, which a test run takes for a leak."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBT_LOG_LEVEL_FILE", "none")
        yield


def small_pages(system: System) -> System:
    """The system read in pages so small that a small world has several."""
    resources = tuple(_with_small_pages(resource) for resource in system.resources)
    return replace(system, resources=resources)


def _with_small_pages(resource: Resource) -> Resource:
    reader: Any = resource.read
    return replace(resource, read=replace(reader, size=PAGE)) if hasattr(reader, "size") else resource


def patiently(step: Callable[[], object]) -> None:
    """Run a step as Airflow would: again, when the error says that this may help."""
    for _ in range(TRIES - 1):
        try:
            step()
            return
        except (TransientError, OutcomeUnknownError):
            continue
    step()


@dataclass(frozen=True, slots=True)
class Night:
    """The steps over one warehouse and the vendors behind these connections."""

    settings: Settings
    connections: Mapping[str, Connection]
    systems: Mapping[str, System] = field(
        default_factory=lambda: {item.name: small_pages(item) for item in registry.systems()}
    )

    @property
    def database(self) -> Database:
        return Database(self.settings.warehouse_url)

    def session(self, system: System, purpose: str) -> AbstractContextManager[HttpSession]:
        return open_session(
            system, self.connections[system.name], self.database, purpose=purpose, reference="night"
        )

    def window(self, system: str, resource: str, until: datetime) -> Window:
        declared = self.systems[system]
        return continue_coverage(
            self.database,
            declared,
            declared.resource(resource),
            interval_start=until - DAY,
            interval_end=until,
        )

    def extract(self, system: str, resource: str, until: datetime) -> str:
        declared = self.systems[system]
        window = self.window(system, resource, until)
        with self.session(declared, "extract") as session:
            return extract_window(
                self.database, session, system=declared, resource=declared.resource(resource), window=window
            )

    def validate(self, system: str, resource: str, batch_id: str) -> BatchCounts:
        declared = self.systems[system]
        return validate_batch(
            self.database,
            system=declared,
            resource=declared.resource(resource),
            batch_id=batch_id,
            suites=self.settings.expectations,
        )

    def read(self, system: str, resource: str, until: datetime) -> BatchCounts:
        """One resource, from the vendor into the validated table."""
        return self.validate(system, resource, self.extract(system, resource, until))

    def read_system(self, system: str, until: datetime) -> dict[str, BatchCounts]:
        return {item.name: self.read(system, item.name, until) for item in self.systems[system].resources}

    def reconcile(self, run: str) -> BuiltCounts:
        """Work out what every system should say."""
        with dbt_without_log():
            return build(self.settings, self.database, registry.systems(), run_id=run)

    def prepare(self, run: str) -> int:
        with dbt_without_log():
            project = parse_project(self.settings, registry.systems())
            standing = Standing(project.manifest, registry.systems())
            return prepare(project, self.database, standing, run_id=run)

    def build(self, select: str, run: str) -> int:
        with dbt_without_log():
            project = parse_project(self.settings, registry.systems())
            return run_dbt(project, self.database, select=select, run_id=run)

    def plan(self, system: str, run: str) -> PlanSummary:
        return plan_changes(self.database, system=self.systems[system], run_id=run)

    def undo(self, system: str, plan_id: str, run: str) -> PlanSummary:
        return plan_undo(self.database, system=self.systems[system], plan_id=plan_id, run_id=run)

    def apply(self, system: str, plan_id: str) -> PlanOutcome:
        declared = self.systems[system]
        with self.session(declared, "apply") as session:
            return apply_plan(self.database, session, system=declared, plan_id=plan_id, holder="flow")

    def verify(self, system: str, plan_id: str) -> VerifyCounts:
        declared = self.systems[system]
        with self.session(declared, "verify") as session:
            return verify_plan(
                self.database, session, system=declared, plan_id=plan_id, suites=self.settings.expectations
            )

    def carry_out(self, system: str, plan_id: str) -> PlanOutcome:
        """Approve, apply and read back."""
        approve(self.database, plan_id, A_PERSON)
        outcome = self.apply(system, plan_id)
        self.verify(system, plan_id)
        return outcome

    def write_back(self, system: str, run: str) -> PlanOutcome:
        return self.carry_out(system, self.plan(system, run).plan_id)

    def finish(self, run: str) -> BuiltCounts:
        """Measure what the night achieved."""
        with dbt_without_log():
            return build_again(self.settings, self.database, registry.systems(), run_id=run)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url, options="-c timezone=UTC") as connection:
            return connection.execute(sql.SQL(query), values).fetchall()
