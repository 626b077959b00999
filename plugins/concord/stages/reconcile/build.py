"""Builds what a night compares: all records, who is who, golden records, and what every system should hold."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace

from concord.contract import System
from concord.errors import BatchError
from concord.settings import Settings
from concord.stages.reconcile.agreement import measure_agreement
from concord.stages.reconcile.changed_rules import take_changed_rules
from concord.stages.reconcile.identify import identify
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.scope import ALL, TOUCHED, Scope, close_scope, note_identified, open_scope
from concord.stages.reconcile.standing import Standing, repeated_tests, untouched
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import record_begun, record_built
from concord.store.ledger.touched import is_unchanged

_logger = logging.getLogger(__name__)

NIGHT, REPORT = "night", "report"  # phases
PREPARED, MARTS, MEASURE = "prepare", "marts", "measure"  # tags of dbt's models
_TAGS = {NIGHT: MARTS, REPORT: MEASURE}


@dataclass(frozen=True, slots=True)
class BuiltCounts:
    """Nodes of dbt that succeeded; shared fields that were compared, and those that agree; identities.

    `worked_on` counts the records that were touched and those that are linked with them, None where all were.
    """

    nodes: int
    compared: int
    agreed: int
    identities: dict[str, int]
    worked_on: int | None


def build(
    settings: Settings, database: Database, systems: Sequence[System], *, run_id: str, is_full: bool = False
) -> BuiltCounts:
    """Work out what every system should hold, and how far they agree before anything is written.

    It works on what was touched since the last build where that is possible and not `is_full`. One process does it
    all, because dbt reads the project anew in each. Safe to repeat. Raises `BatchError` that names the nodes that
    failed, or says why records could not be identified.
    """
    with database.transaction(PLANNER) as connection:
        record_begun(connection, run_id)
    builder = _Builder(settings, database, systems, run_id=run_id)
    scope = builder.open((NIGHT, REPORT), is_full=is_full)
    nodes, identities = builder.build(scope)
    with database.transaction(PLANNER) as connection:
        record_built(connection, run_id)
    measured = measure_agreement(database, run_id=run_id, phase="before")
    return BuiltCounts(nodes, measured.compared, measured.agreed, identities, scope.records)


def build_again(
    settings: Settings, database: Database, systems: Sequence[System], *, run_id: str, is_full: bool = False
) -> BuiltCounts:
    """Build what the report shows: the marts for people, and what `build` made over what was written since.

    Where everything is built and nothing was written or read since, that stands; no test is repeated. Safe to
    repeat. Raises `BatchError` as `build`.
    """
    builder = _Builder(settings, database, systems, run_id=run_id)
    scope = builder.open((REPORT,), is_full=is_full)
    nodes, identities = builder.build(scope)
    measured = measure_agreement(database, run_id=run_id, phase="after")
    return BuiltCounts(nodes, measured.compared, measured.agreed, identities, scope.records)


class _Builder:
    """One build of a run; it has dbt read the project once."""

    def __init__(self, settings: Settings, database: Database, systems: Sequence[System], *, run_id: str) -> None:
        self._project = parse_project(settings, systems)
        self._standing = Standing(self._project.manifest, systems)
        self._database = database
        self._systems = systems
        self._run_id = run_id

    def open(self, phases: Sequence[str], *, is_full: bool) -> Scope:
        """Decide what the phases work on."""
        standing = self._standing
        if standing.is_built(self._database):
            self._load_changed_rules()
        is_known = not is_full and standing.is_built(self._database) and standing.can_be_narrow(self._database)
        return open_scope(
            self._database, self._systems, phases, fingerprint=standing.fingerprint(), is_known=is_known
        )

    def _load_changed_rules(self) -> None:
        """Load the rules files of which the changed rows alone matter, where all else stands as it was built."""
        if changed := take_changed_rules(self._database, [node.name for node in self._standing.compared]):
            self._standing.begin(self._database)
            self._run(" ".join(changed))
            self._standing.record(self._database)

    def build(self, scope: Scope) -> tuple[int, dict[str, int]]:
        """Build what the scope says; returns how many nodes succeeded, and what identification counted."""
        nodes, identities = 0, dict[str, int]()
        if scope.kind == ALL:
            nodes, identities = self._build_all(scope)
        if scope.kind == TOUCHED:
            nodes, identities, are_all_built = self._build_touched(scope.phases)
            scope = scope if are_all_built else replace(scope, phases=scope.phases[:1])
        close_scope(self._database, self._systems, scope)
        return nodes, identities

    def _build_all(self, scope: Scope) -> tuple[int, dict[str, int]]:
        """Build all nodes of the first phase but those that stand, and tests that say the same as before."""
        manifest, select = self._project.manifest, f"tag:{_TAGS[scope.phases[0]]}"
        if scope.phases[0] == NIGHT:
            nodes, identities = self._identify()
            return nodes + self._run(select), identities
        if self._is_as_built(scope.fingerprint):
            return self._run(f"{select} --exclude tag:{MARTS}"), {}
        left_out = repeated_tests(manifest, (PREPARED, MARTS))
        nodes, identities = self._identify(left_out)
        return nodes + self._run(select, left_out), identities

    def _build_touched(self, phases: Sequence[str]) -> tuple[int, dict[str, int], bool]:
        """Fill the tables of the phases with what was touched; no view is made anew, since none has changed.

        Where what only the report shows fails, the night goes on, and the report builds it again.
        """
        left_out = untouched(self._project.manifest)
        nodes, identities = self._identify(left_out)
        note_identified(self._database, self._systems)
        first, *others = (f"tag:{_TAGS[phase]}" for phase in phases)
        nodes += self._run(first, left_out)
        try:
            for other in others:
                nodes += self._run(f"{other} --exclude {first}", left_out)
        except BatchError as error:
            _logger.warning("%s The report builds it again.", error.message)
            return nodes, identities, False
        return nodes, identities, True

    def _identify(self, left_out: Collection[str] = ()) -> tuple[int, dict[str, int]]:
        nodes = prepare(self._project, self._database, self._standing, run_id=self._run_id, leave_out=left_out)
        return nodes, asdict(identify(self._database, run_id=self._run_id))

    def _run(self, select: str, left_out: Collection[str] = ()) -> int:
        return run_dbt(self._project, self._database, select=select, run_id=self._run_id, leave_out=left_out)

    def _is_as_built(self, fingerprint: str) -> bool:
        with self._database.transaction(PLANNER) as connection:
            is_same = is_unchanged(connection, NIGHT, fingerprint)
        return is_same and self._standing.is_built(self._database)
