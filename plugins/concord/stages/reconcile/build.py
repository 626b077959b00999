"""Builds what a night compares: all records, who is who, golden records, and what every system should hold."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from concord.contract import System
from concord.settings import Settings
from concord.stages.reconcile.agreement import measure_agreement
from concord.stages.reconcile.identify import identify
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.standing import Standing, repeated_tests
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import is_built_from_the_same, record_begun, record_built

PREPARED, MARTS, MEASURE = "prepare", "marts", "measure"  # tags of dbt's models


@dataclass(frozen=True, slots=True)
class BuiltCounts:
    """Nodes of dbt that succeeded; shared fields that were compared, and those that agree; identities."""

    nodes: int
    compared: int
    agreed: int
    identities: dict[str, int]


def build(settings: Settings, database: Database, systems: Sequence[System], *, run_id: str) -> BuiltCounts:
    """Work out what every system should hold, and how far they agree before anything is written.

    One process does it all, because dbt reads the project anew in each. Safe to repeat. Raises `BatchError` that
    names the nodes that failed, or says why records could not be identified.
    """
    with database.transaction(PLANNER) as connection:
        record_begun(connection, run_id)
    nodes = prepare(settings, database, systems, run_id=run_id)
    identities = identify(database, run_id=run_id)
    nodes += run_dbt(settings, database, systems, select=f"tag:{MARTS}", run_id=run_id)
    with database.transaction(PLANNER) as connection:
        record_built(connection, run_id)
    measured = measure_agreement(database, run_id=run_id, phase="before")
    return BuiltCounts(nodes, measured.compared, measured.agreed, asdict(identities))


def build_again(settings: Settings, database: Database, systems: Sequence[System], *, run_id: str) -> BuiltCounts:
    """Build what the report shows: the marts for people, and what `build` made over what was written since.

    Where nothing was written or read since, that stands; no test is repeated. Safe to repeat. Raises `BatchError`
    as `build`.
    """
    project = parse_project(settings, systems)
    identities: dict[str, int] = {}
    nodes = 0
    if _is_as_built(database, Standing(project, systems)):
        left_out = [f"tag:{MARTS}"]
    else:
        nodes = prepare(settings, database, systems, run_id=run_id)
        identities = asdict(identify(database, run_id=run_id))
        left_out = repeated_tests(project, (PREPARED, MARTS))
    select = " ".join([f"tag:{MEASURE}", *(["--exclude", *left_out] if left_out else [])])
    nodes += run_dbt(settings, database, systems, select=select, run_id=run_id)
    measured = measure_agreement(database, run_id=run_id, phase="after")
    return BuiltCounts(nodes, measured.compared, measured.agreed, identities)


def _is_as_built(database: Database, standing: Standing) -> bool:
    with database.transaction(PLANNER) as connection:
        is_same = is_built_from_the_same(connection)
    return is_same and standing.is_built(database)
