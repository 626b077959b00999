"""The tasks of reconcile: transform, identify, measure, and decide which systems may be written to."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException

from concord import registry
from concord.dag_ids import BACKFILL, OF_BACKFILL
from concord.installed import COMMAND
from concord.orchestration.defaults import installation
from concord.orchestration.task_errors import log_errors
from concord.stages.reconcile.agreement import measure_agreement
from concord.stages.reconcile.freshness import refuse_half_read, writable_systems
from concord.stages.reconcile.identify import identify
from concord.stages.reconcile.prepare import prepare
from concord.stages.reconcile.standing import repeated_tests
from concord.stages.reconcile.transform import parse_project, run_dbt
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import hold_write_back, is_write_back_held, record_built, release_write_back

log = logging.getLogger(__name__)

DBT_MARTS = "tag:marts"
DBT_MEASURE = "tag:measure"
RECONCILED = ("prepare", "marts")  # the tags of what reconcile builds


@log_errors()
def prepare_records(night: str) -> int:
    """Build what identification needs, with new phone numbers read; returns how many nodes of dbt succeeded."""
    settings, database = installation()
    return prepare(settings, database, registry.systems(), run_id=night)


@log_errors()
def transform(select: str, night: str) -> int:
    """Build the models of one layer with dbt; returns how many nodes succeeded."""
    settings, database = installation()
    systems = registry.systems()
    if (
        select == DBT_MEASURE
    ):  # what reconcile has built it has tested; now it is built over what was written since
        select = f"{select} --exclude {' '.join(repeated_tests(parse_project(settings, systems), RECONCILED))}"
    count = run_dbt(settings, database, systems, select=select, run_id=night)
    if select == DBT_MARTS:
        with database.transaction(PLANNER) as connection:
            record_built(connection, night)
    return count


@log_errors()
def find_identities(night: str) -> dict[str, Any]:
    """Settle which records are the same customer or product."""
    return asdict(identify(installation()[1], run_id=night))


@log_errors()
def measure(night: str, phase: str) -> dict[str, Any]:
    """Keep how far the systems agree, `before` or `after` the write-backs of the night."""
    return asdict(measure_agreement(installation()[1], run_id=night, phase=phase))


def reconcile_params() -> dict[str, Param]:
    """The form of a run that a person starts: whether write-backs follow."""
    return {
        "write_back": Param(
            default=True,
            type="boolean",
            title="Write back afterwards",
            description="No: the desired state is worked out, and nothing is planned or written.",
        )
    }


@log_errors()
def allow_write_back(
    system_name: str, params: Any = None, ti: Any = None, triggering_asset_events: Any = None
) -> None:  # Airflow passes the rest
    """Let the write-back of a system begin, or skip with the reason why it must not."""
    database = installation()[1]
    now = datetime.now(UTC)
    with database.transaction(PLANNER) as connection:
        is_held = ti.run_id.startswith(OF_BACKFILL) and is_write_back_held(connection, system_name)
    events = triggering_asset_events or {}
    reason = (
        (None if is_held else refuse_reading_run(params or {}, events))
        or hold_during_backfill(database, system_name, ti)
        or (refuse_half_read(database, registry.systems(), now) if events else None)
        or writable_systems(database, [registry.system(system_name)], now)[system_name]
    )
    if reason:
        log.warning("%s", reason)
        raise AirflowSkipException(reason)
    with database.transaction(PLANNER) as connection:
        release_write_back(connection, system_name)


def refuse_reading_run(params: Mapping[str, Any], triggers: Mapping[Any, Iterable[Any]]) -> str | None:
    """Why a run that was started for reading and comparing only writes nothing; None for any other run."""
    extras = [event.extra or {} for events in triggers.values() for event in events]
    if params.get("write_back", True) and all(extra.get("write_back", True) for extra in extras):
        return None
    return "This run was asked to read and compare only, so nothing is written. The next night plans the changes."


def hold_during_backfill(database: Database, system_name: str, ti: Any) -> str | None:  # Airflow's task instance
    """Why nothing is written while a backfill has read a part of its range; None when none is under way.

    The write-back is kept as held, and the reconcile at the end of the backfill makes up for it: it runs when the
    whole range was read, so it is not kept from writing.
    """
    if ti.run_id.startswith(OF_BACKFILL) or not ti.get_dr_count(dag_id=BACKFILL, states=["running"]):
        return None
    with database.transaction(PLANNER) as connection:
        hold_write_back(connection, system_name, ti.run_id)
    return (
        "A backfill is under way and has read only a part of its range, so nothing is written until it ends; "
        f"the reconcile at its end makes up for it. {COMMAND} backfills list shows it, "
        f"{COMMAND} backfills cancel ends it."
    )
