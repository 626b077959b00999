"""The tasks of reconcile: build, and decide which systems may be written to."""

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
from concord.stages.reconcile.build import build
from concord.stages.reconcile.freshness import refuse_half_read, writable_systems
from concord.store.engine import PLANNER, Database
from concord.store.ledger.nights import hold_write_back, is_write_back_held, release_write_back
from concord.wording import say_things

log = logging.getLogger(__name__)


@log_errors()
def build_night(night: str, params: Any = None) -> dict[str, Any]:  # Airflow passes the rest
    """Work out what every system should hold, and keep how far they agree before the write-backs of the night."""
    settings, database = installation()
    is_full = bool((params or {}).get("everything"))
    counts = build(settings, database, registry.systems(), run_id=night, is_full=is_full)
    log.info("%s", say_scope(counts.worked_on))
    return asdict(counts)


def say_scope(records: int | None) -> str:
    """A sentence on what a build worked on; None means all records."""
    if records is None:
        return "Worked on all records."
    if not records:
        return "Nothing has changed since the last night, so nothing was built."
    return f"Worked on {say_things(records, 'record')}: those that changed, and all that is linked with them."


def reconcile_params() -> dict[str, Param]:
    """The form of a run that a person starts: whether it works on all records, and whether write-backs follow."""
    return {
        "everything": Param(
            default=False,
            type="boolean",
            title="Work on all records",
            description="No: on those that changed, and on all that is linked with them.",
        ),
        "write_back": Param(
            default=True,
            type="boolean",
            title="Write back afterwards",
            description="No: the desired state is worked out, and nothing is planned or written.",
        ),
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
