"""The tasks that tell people how it stands: the report of a night, and the alarms."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from concord import registry
from concord.monitoring import watch
from concord.orchestration.defaults import installation, spoken
from concord.stages.lookups import last_reconciled_run
from concord.stages.report import write_report
from concord.store.engine import PLANNER, Connection

log = logging.getLogger(__name__)

Check = Callable[[Connection, datetime], list[watch.Alarm]]

CHECKS: Mapping[str, Check] = {
    "freshness": lambda connection, now: watch.check_freshness(connection, registry.systems(), now),
    "coverage": lambda connection, _: watch.check_coverage(connection, registry.systems()),
    "dead_letters": watch.check_dead_letters,
    "writes": watch.check_writes,
    "versions": lambda _, now: watch.check_versions(registry.systems(), now.date()),
    "agreement": lambda connection, _: watch.check_agreement(connection),
}


@spoken()
def newest_run() -> str:
    """The run whose night is to be reported; skips when nothing was reconciled yet."""
    found = last_reconciled_run(installation()[1])
    if found is None:
        raise AirflowSkipException("Nothing has been reconciled yet, so there is nothing to report.")
    return found


@spoken()
def report(night: str) -> str:
    """Write the page of a night and return where it lies."""
    settings, database = installation()
    return str(write_report(database, settings, night))


@spoken()
def check(name: str) -> int:
    """Fail with one sentence per alarm; 0 when all is quiet."""
    with installation()[1].transaction(PLANNER) as connection:
        alarms = CHECKS[name](connection, datetime.now(UTC))
    sentences = [f"{alarm.name}: {alarm.sentence}" for alarm in alarms]
    for sentence in sentences:
        log.error("%s", sentence)
    if sentences:
        raise AirflowFailException("\n".join(sentences))
    return 0
