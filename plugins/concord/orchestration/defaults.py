"""What all Dags share: retries by class of error, schedules, assets, and connections."""

from collections.abc import Mapping
from datetime import timedelta

from airflow.sdk import (
    Asset,
    Context,
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
from concord.orchestration.nights import NightTimetable
from concord.settings import Connection, Settings, connection_from_parts, read_schedule, read_settings, variable_of
from concord.store.engine import Database

# Which errors are tried again; the first class that fits decides.
RETRIES: tuple[tuple[type[ConcordError], RetryAction], ...] = (
    (OutcomeUnknownError, RetryAction.RETRY),
    (TransientError, RetryAction.RETRY),
    (ConfigurationError, RetryAction.FAIL),
    (PermanentError, RetryAction.FAIL),
    (BatchError, RetryAction.FAIL),
    (RecordError, RetryAction.FAIL),
)
LONGEST_DELAY = timedelta(hours=1)
# How much later than the others the systems are read that need what the others name.
READ_LAST_DELAY = timedelta(minutes=30)


class ErrorTreeRetryPolicy(RetryPolicy):  # type: ignore[misc]  # airflow is not followed by mypy
    """Tries errors again that may pass by themselves, and no others; after a crash Airflow's own rule decides."""

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # Airflow's signature
        context: Context | None = None,  # Airflow's signature
    ) -> RetryDecision:
        """Wait as long as the vendor asked, and at least one minute, doubled with each try; an hour at most."""
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


# The runs of a Dag that works on the present state: a backfill of past days of it would have no meaning.
PRESENT_RUNS = ("manual", "scheduled", "asset_triggered", "operator_triggered")


def nightly(system: System) -> NightTimetable:
    """When a system is read: at the hour of the business, or half an hour after the other systems."""
    schedule = read_schedule()
    return NightTimetable(
        schedule.read_cron(READ_LAST_DELAY if system.is_read_last else timedelta(0)), timezone=schedule.zone.key
    )


def at_time(cron: str) -> CronTriggerTimetable:
    """The next such time of the business; a Dag that is switched on does not make up for the time before."""
    return CronTriggerTimetable(cron, timezone=read_schedule().zone.key, run_immediately=timedelta(seconds=1))


def validated_asset(system: System) -> Asset:
    """All resources of the system were read and accepted."""
    return Asset(f"concord://validated/{system.name}")


def filled_asset() -> Asset:
    """Runs of a backfill that Airflow itself made have read their days; nothing is written because of them."""
    return Asset("concord://filled/days")


def desired_asset(system: System) -> Asset:
    """The desired state of the system was worked out, and the system may be written to."""
    return Asset(f"concord://desired/{system.name}")


def written_asset(system: System) -> Asset:
    """The plan for the system was carried out and read back."""
    return Asset(f"concord://written/{system.name}")


def installation() -> tuple[Settings, Database]:
    """This installation's settings and warehouse."""
    settings = read_settings()
    return settings, Database(settings.warehouse_url)


def find_connection(name: str) -> Connection:
    """The connection as Airflow keeps it; `ConfigurationError` when there is none of that name."""
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
