"""Builds what a night compares: all records, who is who, golden records, and what every system should hold."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from concord.contract import System
from concord.errors import BatchError
from concord.settings import Settings
from concord.stages.reconcile.agreement import measure_agreement
from concord.stages.reconcile.identify import identify
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.scope import NOTHING, TOUCHED, Scope, close_scope, note_identified, open_scope
from concord.stages.reconcile.standing import Standing, repeated_tests, tests_of_whole_tables
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import is_built_from_the_same, record_begun, record_built

_logger = logging.getLogger(__name__)

NIGHT, REPORT = "night", "report"  # phases
PREPARED, MARTS, MEASURE = "prepare", "marts", "measure"  # tags of dbt's models
_TAGS = {NIGHT: MARTS, REPORT: MEASURE}
_OF_MARTS = f"tag:{MARTS}"


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
    scope = _open(settings, database, systems, (NIGHT, REPORT), is_full=is_full)
    nodes, identities = _build_scope(settings, database, systems, scope, run_id=run_id)
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
    scope = _open(settings, database, systems, (REPORT,), is_full=is_full)
    nodes, identities = _build_scope(settings, database, systems, scope, run_id=run_id)
    measured = measure_agreement(database, run_id=run_id, phase="after")
    return BuiltCounts(nodes, measured.compared, measured.agreed, identities, scope.records)


def _open(
    settings: Settings, database: Database, systems: Sequence[System], phases: Sequence[str], *, is_full: bool
) -> Scope:
    standing = Standing(parse_project(settings, systems), systems)
    is_known = not is_full and standing.is_built(database) and standing.can_be_narrow(database)
    return open_scope(database, systems, phases, fingerprint=standing.fingerprint(), is_known=is_known)


def _build_scope(
    settings: Settings, database: Database, systems: Sequence[System], scope: Scope, *, run_id: str
) -> tuple[int, dict[str, int]]:
    """Build what the scope says; returns how many nodes succeeded, and what identification counted."""
    nodes, identities = 0, dict[str, int]()
    left_out = _leave_out(settings, database, systems, scope)
    if scope.kind != NOTHING:
        if left_out != [_OF_MARTS]:
            nodes = prepare(settings, database, systems, run_id=run_id)
            identities = asdict(identify(database, run_id=run_id))
        if scope.kind == TOUCHED:
            note_identified(database, systems)
        first, *others = scope.phases
        select = " ".join([f"tag:{_TAGS[first]}", *_excluding(left_out)])
        nodes += run_dbt(settings, database, systems, select=select, run_id=run_id)
        try:
            for phase in others:
                select = " ".join([f"tag:{_TAGS[phase]}", *_excluding([f"tag:{_TAGS[first]}", *left_out])])
                nodes += run_dbt(settings, database, systems, select=select, run_id=run_id)
        except BatchError as error:  # no write-back waits for what the report shows
            _logger.warning("%s The report builds it again.", error.message)
            scope = replace(scope, phases=[first])
    close_scope(database, systems, scope)
    return nodes, identities


def _excluding(names: Sequence[str]) -> list[str]:
    return ["--exclude", *names] if names else []


def _leave_out(settings: Settings, database: Database, systems: Sequence[System], scope: Scope) -> list[str]:
    """What of the phases' nodes is not built: what stands, and tests that say the same as before."""
    project = parse_project(settings, systems)
    if scope.kind == TOUCHED:
        return tests_of_whole_tables(project)
    if scope.kind == NOTHING or NIGHT in scope.phases:
        return []
    is_as_built = _is_as_built(database, Standing(project, systems))
    return [_OF_MARTS] if is_as_built else repeated_tests(project, (PREPARED, MARTS))


def _is_as_built(database: Database, standing: Standing) -> bool:
    with database.transaction(PLANNER) as connection:
        is_same = is_built_from_the_same(connection)
    return is_same and standing.is_built(database)
