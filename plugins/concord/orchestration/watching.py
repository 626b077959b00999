"""The tasks of watch: each check looks for alarms, and fails with one sentence for each of them."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from airflow.sdk.exceptions import AirflowFailException

from concord import registry
from concord.monitoring import watch
from concord.monitoring.clocks import check_clocks
from concord.orchestration.defaults import installation
from concord.orchestration.task_errors import log_errors
from concord.store.engine import PLANNER, Connection

log = logging.getLogger(__name__)

Check = Callable[[Connection, datetime], list[watch.Alarm]]

CHECKS: Mapping[str, Check] = {
    "freshness": lambda connection, now: watch.check_freshness(connection, registry.systems(), now),
    "coverage": lambda connection, _: watch.check_coverage(connection, registry.systems()),
    "clocks": lambda connection, _: check_clocks(connection, registry.systems()),
    "dead_letters": watch.check_dead_letters,
    "writes": watch.check_writes,
    "versions": lambda _, now: watch.check_versions(registry.systems(), now.date()),
    "agreement": lambda connection, _: watch.check_agreement(connection),
}


@log_errors()
def check(name: str) -> int:
    """Fail with one sentence per alarm; 0 when there is none."""
    with installation()[1].transaction(PLANNER) as connection:
        alarms = CHECKS[name](connection, datetime.now(UTC))
    sentences = [f"{alarm.name}: {alarm.sentence}" for alarm in alarms]
    for sentence in sentences:
        log.error("%s", sentence)
    if sentences:
        raise AirflowFailException("\n".join(sentences))
    return 0
