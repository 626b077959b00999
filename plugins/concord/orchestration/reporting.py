"""The tasks of report: which night is reported, and its page."""

from airflow.sdk.exceptions import AirflowSkipException

from concord.orchestration.defaults import installation
from concord.orchestration.task_errors import log_errors
from concord.reporting.queries import find_newest_run
from concord.stages.report.write_report import write_report


@log_errors()
def newest_run() -> str:
    """The run whose night is to be reported; skips when nothing was reconciled yet."""
    found = find_newest_run(installation()[1])
    if found is None:
        raise AirflowSkipException("Nothing has been reconciled yet, so there is nothing to report.")
    return found


@log_errors()
def report(night: str) -> str:
    """Write the page of a night and return its path."""
    settings, database = installation()
    return str(write_report(database, settings, night))
