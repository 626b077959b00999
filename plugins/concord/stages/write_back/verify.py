"""Reads back what was written, on the way every record takes: landing, validation, then the comparison.

So the warehouse is current after a write-back, and the next plan starts from what the target really says.
"""

from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from concord.contract import Lookup, Resource, Session, System
from concord.failpoints import failpoint
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import validate_batch
from concord.store.engine import LOADER, PLANNER, Database
from concord.store.ledger.plans import load_plan
from concord.store.ledger.verification import compare_written, count_verified, list_new_keys, list_sent_keys
from concord.store.tables import validated_table

# An archived record that the vendor no longer shows is held as deleted, like one that it shows as deleted.
_MARK = """
update {validated} set _is_deleted = true, _batch_id = %(batch)s where _key = any(%(keys)s) and not _is_deleted
"""


@dataclass(frozen=True, slots=True)
class VerifyCounts:
    """Of the changes that were sent and not refused: as written, not as written, and not to be compared."""

    verified: int
    differing: int
    unchecked: int


def verify_plan(
    database: Database, session: Session, *, system: System, plan_id: str, suites: Path
) -> VerifyCounts:
    """Read back every confirmed or unknown change by its key and say whether the target holds what was written.

    `suites` is the folder of the expectations. Raises the session's errors, and `ConfigurationError` when there is
    no such plan.
    """
    with database.transaction(PLANNER) as connection:
        load_plan(connection, plan_id)
    verification = _Verification(database, session, system, plan_id, suites)
    for resource in system.resources:
        if resource.writes is not None:
            verification.verify(resource)
    with database.transaction(PLANNER) as connection:
        return VerifyCounts(*count_verified(connection, plan_id))


@dataclass(frozen=True, slots=True)
class _Verification:
    database: Database
    session: Session
    system: System
    plan_id: str
    suites: Path

    def verify(self, resource: Resource) -> None:
        with self.database.transaction(PLANNER) as connection:
            keys = list_sent_keys(connection, self.plan_id, resource)
        if not keys:
            return
        batch_id = self._read_back(resource, Lookup(name=resource.key, values=keys, reference=self.plan_id))
        with self.database.transaction(PLANNER) as connection:
            archived = compare_written(connection, self.system, resource, plan_id=self.plan_id, batch_id=batch_id)
        failpoint("verify.after_compare")
        with self.database.transaction(LOADER) as connection:
            mark = sql.SQL(_MARK).format(validated=validated_table(self.system, resource))
            connection.execute(mark, {"keys": archived, "batch": batch_id})
        failpoint("verify.after_mark")
        self._read_what_came_with(resource)

    def _read_what_came_with(self, resource: Resource) -> None:
        """Read the records of other resources that were created inside of new ones."""
        brings = resource.writes.brings if resource.writes else {}
        with self.database.transaction(PLANNER) as connection:
            keys = list_new_keys(connection, self.plan_id, resource) if brings else []
        for other, name in brings.items() if keys else ():
            reference = f"{self.plan_id} {resource.name}"
            self._read_back(self.system.resource(other), Lookup(name=name, values=keys, reference=reference))

    def _read_back(self, resource: Resource, lookup: Lookup) -> str:
        batch_id = extract_matching(
            self.database, self.session, system=self.system, resource=resource, lookup=lookup
        )
        failpoint("verify.after_landing")
        validate_batch(self.database, system=self.system, resource=resource, batch_id=batch_id, suites=self.suites)
        failpoint("verify.after_validation")
        return batch_id
