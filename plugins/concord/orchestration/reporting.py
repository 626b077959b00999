"""The tasks of report: what it shows, the page of a night, and the end of what is no longer kept."""

import logging
from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowSkipException

from concord import registry
from concord.orchestration.defaults import installation
from concord.orchestration.task_errors import log_errors
from concord.reporting.queries import find_newest_run
from concord.retention import read_retention
from concord.stages.reconcile.build import build_again
from concord.stages.report.write_report import write_report
from concord.stages.retention.drop_old import drop_old as drop_old_rows
from concord.stages.retention.drop_old import say_dropped

log = logging.getLogger(__name__)


@log_errors()
def build_report() -> str:
    """Build what the report shows, and return the night that it is of; skips when nothing was reconciled yet."""
    settings, database = installation()
    night = find_newest_run(database)
    if night is None:
        raise AirflowSkipException("Nothing has been reconciled yet, so there is nothing to report.")
    counts = build_again(settings, database, registry.systems(), run_id=night)
    log.info("%d of %d shared fields agree after the write-backs.", counts.agreed, counts.compared)
    return night


@log_errors()
def report(night: str) -> str:
    """Write the page of a night and return its path."""
    settings, database = installation()
    return str(write_report(database, settings, night))


@log_errors()
def drop_old() -> str:
    """Drop what is older than it is kept, and say what that was."""
    settings, database = installation()
    dropped = drop_old_rows(database, settings.reports, read_retention(), now=datetime.now(UTC))
    log.info("%s", said := say_dropped(dropped))
    return said
