"""The tasks of backfill and after_backfill: choose windows, read each, start one reconcile when all are read."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import BaseSensorOperator, Context, Param, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException

from concord import registry
from concord.contract import Window
from concord.dag_ids import OF_BACKFILL, RECONCILE, ingest_dag
from concord.errors import ConfigurationError
from concord.orchestration.defaults import find_connection, installation
from concord.orchestration.task_errors import log_errors
from concord.stages.extract.choose_window import Run, choose_window
from concord.stages.extract.read_window import extract_window
from concord.stages.extract.split_range import STEPS, Range, refuse_unknown_resources, split_range
from concord.stages.sessions import open_session
from concord.stages.validate.gates import accept_volume
from concord.stages.validate.judge import validate_batch
from concord.store.engine import PLANNER
from concord.store.ledger.nights import claim_filled, list_filled_systems

log = logging.getLogger(__name__)

MOST_WINDOWS = 1000  # of one system; Airflow maps a task over 1024 inputs at most
ACTIVE = ["queued", "running"]


def range_params() -> dict[str, Param]:
    """The form: which days of which systems to read again, in which steps, and whether to write afterwards."""
    names = [system.name for system in registry.systems()]
    day = {"type": ["null", "string"], "format": "date"}
    return {
        "from": Param(None, title="First day", description="Of the business.", **day),
        "to": Param(None, title="Last day", description="Included. Of today what is over by now.", **day),
        "systems": Param(
            [], type="array", items={"enum": names}, title="Systems", description="One a line. Empty: all."
        ),
        "resources": Param(
            [], type="array", items={"type": "string"}, title="Resources", description="One a line. Empty: all."
        ),
        "step": Param(
            None,
            type=["null", "string"],
            enum=[None, *STEPS],
            title="Days per window",
            description="Empty: as each resource declares it.",
        ),
        "accept_volume": Param(
            default=False,
            type="boolean",
            title="Accept an unusual volume",
            description="Only after you made sure that the vendor really holds so few or so many records.",
        ),
        "write_back": Param(
            default=False,
            type="boolean",
            title="Write back afterwards",
            description="Plan and write the net changes of the whole range, once, when all of it was read.",
        ),
    }


class DaysSensor(BaseSensorOperator):  # type: ignore[misc]  # airflow is not followed by mypy
    """Waits until no run is still to come of the ingests that Airflow's own backfills run; holds no worker."""

    def __init__(self, **options: Any) -> None:  # Airflow's border
        super().__init__(mode="reschedule", poke_interval=30, timeout=24 * 3600, **options)

    def poke(self, context: Context) -> bool:
        """Whether the range is whole."""
        with installation()[1].transaction(PLANNER) as connection:
            dags = [ingest_dag(system) for system in list_filled_systems(connection)]
        return not any(context["ti"].get_dr_count(dag_id=dag_id, states=ACTIVE) for dag_id in dags)


@log_errors()
def claim_days(dag_run: Any = None) -> int:  # Airflow passes the run
    """How many filled days the reconcile is for; skips when an earlier run was started for all of them."""
    with installation()[1].transaction(PLANNER) as connection:
        days = claim_filled(connection, dag_run.run_id)
    if not days:
        raise AirflowSkipException("All days that were read have been reconciled already.")
    return days


@log_errors()
def choose_windows(system_name: str, dag_run: Any = None, params: Any = None) -> list[dict[str, str]]:
    """The windows of a system that the form asks for; none where it asks for another system."""
    if system_name not in (params["systems"] or [system_name]):
        return []
    if not params["from"] or not params["to"]:
        raise ConfigurationError("Name the first and the last day to read.")
    names = params["systems"] or [system.name for system in registry.systems()]
    refuse_unknown_resources([registry.system(name) for name in names], params["resources"])
    windows = split_range(registry.system(system_name), _read_form(params), dag_run.start_date)
    if len(windows) > MOST_WINDOWS:
        raise ConfigurationError(
            f"The range has {len(windows)} windows of {system_name}, and {MOST_WINDOWS} is the most; "
            "choose a larger step, or a part of the range."
        )
    return [
        {"resource": item.resource, "start": item.window.start.isoformat(), "end": item.window.end.isoformat()}
        for item in windows
    ]


def _read_form(params: Mapping[str, Any]) -> Range:
    return Range(
        first=date.fromisoformat(params["from"]),
        last=date.fromisoformat(params["to"]),
        resources=frozenset(params["resources"]),
        step=params["step"],
    )


@log_errors()
def fill(system_name: str, window: Mapping[str, str], params: Any = None) -> dict[str, Any]:
    """Read one window and validate it; a window that is read again replaces itself."""
    settings, database = installation()
    system = registry.system(system_name)
    resource = system.resource(window["resource"])
    chosen = choose_window(database, system, resource, _describe(window))
    if chosen is None:
        raise AirflowSkipException(f"{resource.name} keeps no history; the next night reads it as it is then.")
    connection = find_connection(system.connection)
    with open_session(system, connection, database, purpose="extract", reference=resource.name) as session:
        batch_id = extract_window(database, session, system=system, resource=resource, window=chosen)
    if params["accept_volume"]:
        accept_volume(database, batch_id)
    counts = validate_batch(
        database, system=system, resource=resource, batch_id=batch_id, suites=settings.expectations
    )
    log.info("filled %s %s %s: %s", system_name, resource.name, chosen, counts)
    return asdict(counts)


def _describe(window: Mapping[str, str]) -> Run:
    span = Window(datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"]))
    return Run(began_at=datetime.now(UTC), start=span.start, end=span.end, is_backfill=True)


def start_reconcile(*, write_back: str | bool, when: TriggerRule) -> TriggerDagRunOperator:
    """The task that starts one reconcile when the whole range was read, and ends with it; no worker is held.

    `write_back` says whether write-backs follow, or is a template that says so; `when` is how the tasks before it
    must have ended.
    """
    return TriggerDagRunOperator(
        task_id="reconcile",
        trigger_dag_id=RECONCILE,
        trigger_run_id=OF_BACKFILL + "{{ run_id }}__{{ ti.try_number }}",
        conf={"write_back": write_back},
        wait_for_completion=True,
        deferrable=True,
        poke_interval=5,
        trigger_rule=when,
    )
