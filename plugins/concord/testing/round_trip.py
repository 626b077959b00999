"""A warehouse, a vendor and the stages between them, as the tests of write-back use them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from concord.contract import Account, System, Window
from concord.protocols.session.client import HttpSession
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.stages.write_back.apply import PlanOutcome, apply_plan
from concord.stages.write_back.approve import approve
from concord.stages.write_back.plan import PlanSummary, plan_changes
from concord.stages.write_back.undo import plan_undo
from concord.stages.write_back.verify import VerifyCounts, verify_plan
from concord.store.engine import LOADER, TRANSFORMER, Database
from concord.store.ledger.account_fields import record_account
from concord.store.tables import create_tables


class RoundTrip:
    """One night at one system, step by step; `desired` has the columns of each desired model, as SQL."""

    desired: Mapping[str, str] = {}

    def __init__(self, url: str, system: System, folder: Path) -> None:
        self.database, self.system, self.suites = Database(url), system, folder

    def prepare(self) -> Self:
        """Make the tables, an empty desired state, a policy that lets everything pass, and the suites."""
        self.write_suites()
        for resource in self.system.resources:
            create_tables(self.database, self.system, resource)
        with self.database.transaction(TRANSFORMER) as connection:
            for name, columns in self.desired.items():
                connection.execute(
                    f"create table marts.desired_{self.system.name}__{name} "
                    f"(_entity_id text unique, _key text, _reason text, {columns})"
                )
        self.allow()
        return self

    def write_suites(self) -> None:
        """Put the suites of the system into their folder."""
        raise NotImplementedError

    def open(self) -> AbstractContextManager[HttpSession]:
        """A session to the vendor."""
        raise NotImplementedError

    def allow(self, *rows: str) -> None:
        """The approval policy as lines of its seed; without any, everything passes."""
        lines = rows or ("*,*,*,1000000,,,",)
        with self.database.transaction(TRANSFORMER) as connection:
            connection.execute(
                "drop table if exists marts.approval_policy; create table marts.approval_policy (system text, "
                "resource text, action text, max_changes integer, max_share_percent numeric, field text, "
                "max_relative_change_percent numeric, negligible_change numeric, max_absolute_change numeric, "
                "max_plan_change_percent numeric, max_nights_change_percent numeric, max_emptied_values integer)"
            )
            with (
                connection.cursor() as cursor,
                cursor.copy("copy marts.approval_policy from stdin with (format csv)") as copy,
            ):
                copy.write("".join(f"{line}{',' * (11 - line.count(','))}\n" for line in lines))

    def ingest(self, day: int = 1) -> None:
        """Read everything the vendor holds into the warehouse."""
        self.ingest_window(Window(datetime(2026, 11, day, tzinfo=UTC), datetime(2026, 11, day + 1, tzinfo=UTC)))

    def ingest_window(self, window: Window) -> None:
        """Read and validate a window of every resource."""
        with self.open() as session:
            for resource in self.system.resources:
                batch = extract_window(
                    self.database, session, system=self.system, resource=resource, window=window
                )
                validate_batch(
                    self.database,
                    system=self.system,
                    resource=resource,
                    batch_id=batch,
                    suites=self.suites,
                )

    def lose(self, resource_name: str, name: str) -> None:
        """The look of a night finds that the account does not have the field any more."""
        resource = self.system.resource(resource_name)
        account = Account(resource.in_account({name: None}), unread=frozenset({name}))
        with self.database.transaction(LOADER) as connection:
            record_account(connection, self.system, resource, account)

    def want(self, resource: str, entity_id: str, key: str | None, **values: object) -> None:
        """What dbt would desire of one record."""
        row: Mapping[str, object] = {
            "_entity_id": entity_id,
            "_key": key,
            "_reason": "the owner says so",
            **values,
        }
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier("marts", f"desired_{self.system.name}__{resource}"),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        with self.database.transaction(TRANSFORMER) as connection:
            connection.execute(statement, list(row.values()))

    def plan(self, run: str = "night 1") -> PlanSummary:
        """Plan what the desired state asks for."""
        return plan_changes(self.database, system=self.system, run_id=run)

    def apply(self, plan_id: str, holder: str = "worker") -> PlanOutcome:
        """Send the changes of an approved plan."""
        with self.open() as session:
            return apply_plan(self.database, session, system=self.system, plan_id=plan_id, holder=holder)

    def verify(self, plan_id: str) -> VerifyCounts:
        """Read back what a plan wrote."""
        with self.open() as session:
            return verify_plan(self.database, session, system=self.system, plan_id=plan_id, suites=self.suites)

    def send(self, run: str = "night 1") -> str:
        """Plan, approve and apply, and leave it to the caller to verify; the plan's id."""
        plan_id = self.plan(run).plan_id
        approve(self.database, plan_id, "a person")
        self.apply(plan_id)
        return plan_id

    def write_back(self, run: str = "night 1") -> PlanOutcome:
        """Plan, approve, apply and verify."""
        plan_id = self.plan(run).plan_id
        return self.carry_out(plan_id)

    def carry_out(self, plan_id: str) -> PlanOutcome:
        """Approve, apply and verify a plan."""
        approve(self.database, plan_id, "a person")
        outcome = self.apply(plan_id)
        self.verify(plan_id)
        return outcome

    def undo(self, plan_id: str, run: str = "undo 1") -> PlanSummary:
        """Plan the inverse of a plan."""
        return plan_undo(self.database, system=self.system, plan_id=plan_id, run_id=run)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a query over the warehouse gives."""
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(query, values).fetchall()

    def changes(self, plan_id: str) -> list[tuple[object, ...]]:
        """Resource, action, key, before, after and state of every change in the plan's order."""
        return self.rows(
            "select resource, action, record_key, before, after, state from ops.changes "
            "where plan_id = %s order by sequence",
            plan_id,
        )

    def states(self, plan_id: str) -> list[object]:
        """The state of every change, in the plan's order."""
        return [row[-1] for row in self.changes(plan_id)]
