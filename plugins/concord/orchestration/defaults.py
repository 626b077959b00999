"""What every Dag has in common: retries made from the error tree, pools, assets, connections, the log."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from airflow.sdk import (
    Asset,
    Context,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    RetryAction,
    RetryDecision,
    RetryPolicy,
)
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowNotFoundException

from concord.contract import System
from concord.errors import (
    BatchError,
    ConcordError,
    ConfigurationError,
    OutcomeUnknownError,
    PermanentError,
    RateLimitError,
    RecordError,
    TransientError,
)
from concord.settings import Connection, Settings, connection_from_parts, read_settings, variable_of
from concord.store.engine import Database

log = logging.getLogger(__name__)


# What the error tree asks for: retries, and the minutes before the first; the first match wins.
RETRIES: tuple[tuple[type[ConcordError], RetryAction], ...] = (
    (OutcomeUnknownError, RetryAction.RETRY),
    (TransientError, RetryAction.RETRY),
    (ConfigurationError, RetryAction.FAIL),
    (PermanentError, RetryAction.FAIL),
    (BatchError, RetryAction.FAIL),
    (RecordError, RetryAction.FAIL),
)
LONGEST_DELAY = timedelta(hours=1)


class ErrorTreeRetryPolicy(RetryPolicy):  # type: ignore[misc]  # airflow is not followed by mypy
    """Retries in minutes what may pass by itself, and nothing else; a crash keeps Airflow's own retries."""

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # Airflow's signature
        context: Context | None = None,  # Airflow's signature
    ) -> RetryDecision:
        """Wait as long as the vendor asked, else one minute, doubled with each try."""
        for kind, action in RETRIES:
            if isinstance(exception, kind):
                delay = _delay(exception, try_number) if action is RetryAction.RETRY else None
                return RetryDecision(action=action, retry_delay=delay, reason=exception.message)
        return RetryDecision.default()


def _delay(error: ConcordError, try_number: int) -> timedelta:
    delay = timedelta(minutes=2 ** max(try_number - 1, 0))
    if isinstance(error, RateLimitError) and error.retry_after is not None:
        delay = max(delay, timedelta(seconds=error.retry_after))
    return min(delay, LONGEST_DELAY)


DEFAULTS: Mapping[str, object] = {
    "owner": "concord",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": ErrorTreeRetryPolicy(),
    "execution_timeout": timedelta(hours=6),
}


def nightly(system: System) -> CronDataIntervalTimetable:
    """When a system is read: at midnight UTC, and half an hour later where the others must have been read."""
    return CronDataIntervalTimetable("30 0 * * *" if system.is_read_last else "0 0 * * *", timezone="UTC")


def at_time(cron: str) -> CronTriggerTimetable:
    """The next such time in UTC; a Dag that is switched on does not make up for the time before."""
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(seconds=1))


def validated_asset(system: System) -> Asset:
    """All resources of the system were read and accepted."""
    return Asset(f"concord://validated/{system.name}")


def desired_asset(system: System) -> Asset:
    """What the system should say was worked out, and it may be written to."""
    return Asset(f"concord://desired/{system.name}")


def written_asset(system: System) -> Asset:
    """The plan for the system was carried out and read back."""
    return Asset(f"concord://written/{system.name}")


@contextmanager
def spoken() -> Iterator[None]:
    """Leave the sentence of an error in the log, without the data it was about."""
    try:
        yield
    except ConcordError as error:
        log.error("%s: %s", type(error).__name__, error.message)
        raise


def installation() -> tuple[Settings, Database]:
    """This installation's settings and warehouse."""
    settings = read_settings()
    return settings, Database(settings.warehouse_url)


def find_connection(name: str) -> Connection:
    """The connection as Airflow keeps it; `ConfigurationError` says how to add one that is missing."""
    try:
        found = AirflowConnection.get(name)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f'Connection "{name}" is not defined; add it in Airflow (Admin, Connections) '
            f"or set {variable_of(name)}.",
            connection=name,
        ) from error
    parts = ("conn_type", "host", "schema", "port", "login", "password", "extra")
    return connection_from_parts(name, {part: getattr(found, part) for part in parts})
