"""The tasks of a system's ingest: read the window of a run, and validate what was landed."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException

from concord import registry
from concord.contract import System
from concord.dag_ids import AFTER_BACKFILL
from concord.errors import BatchError, ConfigurationError
from concord.orchestration.defaults import find_connection, installation, validated_asset
from concord.orchestration.task_errors import log_errors
from concord.settings import read_schedule
from concord.stages.extract.choose_window import Run, choose_window, read_moment
from concord.stages.extract.read_window import extract_window
from concord.stages.sessions import open_session
from concord.stages.validate.gates import accept_volume
from concord.stages.validate.judge import validate_batch
from concord.store.engine import PLANNER
from concord.store.ledger.nights import list_filled_systems, record_filled

log = logging.getLogger(__name__)

Landed = Mapping[str, str]


def span_params() -> dict[str, Param]:
    """The form of a run that a person starts: the span to read, and whether its number of records is right."""
    moment = {"type": ["null", "string"], "format": "date-time"}
    return {
        "from": Param(None, title="Read from", description="Empty: where coverage ends.", **moment),
        "to": Param(
            None, title="Read to", description="At most now. Empty: the end of this run's interval.", **moment
        ),
        "accept_volume": Param(
            default=False,
            type="boolean",
            title="Accept an unusual volume",
            description="Only after you made sure that the vendor really holds so few or so many records.",
        ),
        "write_back": Param(
            default=True,
            type="boolean",
            title="Write back afterwards",
            description="No: the reconcile that follows this run plans nothing and writes nothing.",
        ),
    }


@log_errors()
def extract(system_name: str, resource: str, dag_run: Any = None, params: Any = None) -> dict[str, str]:
    """Land the window of this run; the batch is empty text where there is nothing to read for it."""
    _, database = installation()
    system = registry.system(system_name)
    declared = system.resource(resource)
    window = choose_window(database, system, declared, describe_run(dag_run, params))
    if window is None:
        log.info("%s keeps no history; the newest run reads it as it is now", resource)
        return {"resource": resource, "batch_id": ""}
    connection = find_connection(system.connection)
    with open_session(system, connection, database, purpose="extract", reference=resource) as session:
        batch_id = extract_window(database, session, system=system, resource=declared, window=window)
    return {"resource": resource, "batch_id": batch_id, "window": str(window)}


def describe_run(dag_run: Any, form: Mapping[str, Any]) -> Run:  # Airflow passes the run
    """What Airflow knows of a run and of its form, as the step extract wants it."""
    return Run(
        began_at=dag_run.start_date or dag_run.run_after,
        start=dag_run.data_interval_start,
        end=dag_run.data_interval_end or dag_run.run_after,
        is_backfill=dag_run.run_type == "backfill",
        read_from=read_moment(form["from"]) if form.get("from") else None,
        read_to=read_moment(form["to"]) if form.get("to") else None,
    )


@log_errors()
def validate(system_name: str, landed: Iterable[Landed], params: Any = None) -> dict[str, Any]:
    """Judge every batch that landed; a refused one does not keep the others from being judged."""
    settings, database = installation()
    system = registry.system(system_name)
    batches = {item["resource"]: item["batch_id"] for item in landed}
    refused = {
        item.name: "it was not read, see the log of its task extract"
        for item in system.resources
        if item.name not in batches
    }
    counts: dict[str, Any] = {}
    for name, batch_id in batches.items():
        if not batch_id:
            continue
        if params["accept_volume"]:
            accept_volume(database, batch_id)
        try:
            counted = validate_batch(
                database,
                system=system,
                resource=system.resource(name),
                batch_id=batch_id,
                suites=settings.expectations,
            )
            counts[name] = asdict(counted)
        except (BatchError, ConfigurationError) as error:
            refused[name] = error.message
    log.info("validated %s: %s", system_name, counts)
    refuse_incomplete(system, refused)
    return counts


@log_errors()
def announce(
    system_name: str, dag_run: Any = None, params: Any = None, outlet_events: Any = None
) -> None:  # Airflow passes the rest
    """Start what follows a night, once all systems were read; skips for a backfill or an earlier night."""
    if reason := refuse_announcement(describe_run(dag_run, params)):
        raise AirflowSkipException(reason)
    outlet_events[validated_asset(registry.system(system_name))].extra = {"write_back": params["write_back"]}


def refuse_announcement(run: Run) -> str | None:
    """Why nothing follows this run; None for a run that has read what changed last.

    The run of an earlier night, which somebody cleared, fills the warehouse; if something followed it, it would
    start the reconcile of the coming night before that night is read.
    """
    if run.is_backfill:
        return "This run belongs to a backfill, which only fills the warehouse."
    if run.end < read_schedule().newest_reading(run.began_at):
        return "This run has read an earlier night again; what follows is started by the newest night."
    return None


@log_errors()
def announce_fill(system_name: str, dag_run: Any = None, ti: Any = None) -> None:  # Airflow passes the rest
    """Let one reconcile follow Airflow's own backfill; skips for other runs, and where one waits for this day."""
    if dag_run.run_type != "backfill":
        raise AirflowSkipException("This run does not belong to a backfill.")
    with installation()[1].transaction(PLANNER) as connection:
        is_awaited = bool(list_filled_systems(connection))
        record_filled(connection, system_name, dag_run.run_id)
    if is_awaited and ti.get_dr_count(dag_id=AFTER_BACKFILL, states=["queued", "running"]):
        raise AirflowSkipException("The reconcile that follows this day waits for the other days.")


def refuse_incomplete(system: System, refused: Mapping[str, str]) -> None:
    """Raise one sentence that names every resource that did not get through."""
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise BatchError(
            f"{len(refused)} of {len(system.resources)} resources of {system.name} did not get through "
            f"({reasons}). The others did. Correct the cause, then clear the failed tasks of this run.",
            system=system.name,
        )
