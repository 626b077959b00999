"""The tasks of a night up to what each system should say: read, judge, transform, measure, offer."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException

from concord import registry
from concord.contract import ChangedBetween, Resource, System, Window
from concord.errors import BatchError, ConfigurationError
from concord.monitoring.watch import due_until
from concord.orchestration.defaults import find_connection, installation, spoken
from concord.stages.agreement import measure_agreement
from concord.stages.extract import extract_window
from concord.stages.freshness import writable_systems
from concord.stages.gates import accept_volume
from concord.stages.identify import identify
from concord.stages.sessions import open_session
from concord.stages.transform import run_dbt
from concord.stages.validate import validate_batch
from concord.stages.windows import plan_window
from concord.store.engine import Database

log = logging.getLogger(__name__)

Landed = Mapping[str, str]

DBT_PREPARE = "tag:prepare"
DBT_MARTS = "tag:marts"
DBT_MEASURE = "tag:measure"


def span_params() -> dict[str, Param]:
    """The form of a run that reads a span of its own choosing, and of one that a person vouches for."""
    moment = {"type": ["null", "string"], "format": "date-time"}
    return {
        "from": Param(None, title="Read from", description="Empty: where coverage ends.", **moment),
        "to": Param(None, title="Read to", description="Empty: the end of this run's interval.", **moment),
        "accept_volume": Param(
            default=False,
            type="boolean",
            title="Accept an unusual volume",
            description="Only after you made sure that the vendor really holds so few or so many records.",
        ),
    }


@spoken()
def extract(system_name: str, resource: str, dag_run: Any = None, params: Any = None) -> dict[str, str]:
    """Land the window of this run; the batch is empty text where there is nothing to read for it."""
    _, database = installation()
    system = registry.system(system_name)
    declared = system.resource(resource)
    window = choose_window(database, system, declared, run=dag_run, form=params)
    if window is None:
        log.info("%s keeps no history; the newest run reads it as it is now", resource)
        return {"resource": resource, "batch_id": ""}
    connection = find_connection(system.connection)
    with open_session(system, connection, database, purpose="extract", reference=resource) as session:
        batch_id = extract_window(database, session, system=system, resource=declared, window=window)
    return {"resource": resource, "batch_id": batch_id, "window": str(window)}


def choose_window(
    database: Database, system: System, resource: Resource, *, run: Any, form: Mapping[str, Any]
) -> Window | None:
    """A backfill reads its own interval, a form its own span, a night from where coverage ends.

    None for a backfill of a past night where the vendor tells only what is now.
    """
    is_snapshot = not isinstance(resource.changes, ChangedBetween)
    end = run.data_interval_end or run.run_after
    start = run.data_interval_start or end.replace(hour=0, minute=0, second=0, microsecond=0)
    if run.run_type == "backfill" and not is_snapshot:
        return Window(start, end)
    if run.run_type == "backfill" and end < due_until(run.start_date or run.run_after):
        return None
    end = read_moment(form["to"]) if form.get("to") else end
    if form.get("from") and not is_snapshot:
        return Window(read_moment(form["from"]), end)
    return plan_window(database, system, resource, interval_start=min(start, end), interval_end=end)


def read_moment(text: str) -> datetime:
    """A moment from a form, in UTC where it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@spoken()
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


def refuse_incomplete(system: System, refused: Mapping[str, str]) -> None:
    """Raise one sentence that names every resource that did not get through."""
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise BatchError(
            f"{len(refused)} of {len(system.resources)} resources of {system.name} did not get through "
            f"({reasons}). The others did. Correct the cause, then clear the failed tasks of this run.",
            system=system.name,
        )


@spoken()
def transform(select: str, night: str) -> int:
    """Build one layer with dbt."""
    settings, database = installation()
    return run_dbt(settings, database, select=select, run_id=night)


@spoken()
def find_identities(night: str) -> dict[str, Any]:
    """Settle which records are the same customer or product."""
    return asdict(identify(installation()[1], run_id=night))


@spoken()
def measure(night: str, phase: str) -> dict[str, Any]:
    """Keep how far the systems agree."""
    return asdict(measure_agreement(installation()[1], run_id=night, phase=phase))


@spoken()
def offer(system_name: str) -> None:
    """Let the write-back of a system begin, or skip with the reason why it must not."""
    reasons = writable_systems(installation()[1], [registry.system(system_name)], datetime.now(UTC))
    if reason := reasons[system_name]:
        log.warning("%s", reason)
        raise AirflowSkipException(reason)
