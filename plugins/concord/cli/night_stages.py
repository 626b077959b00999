"""Which Dag runs a night consists of, for which interval they read, and which of them is due next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from concord import registry
from concord.dag_ids import RECONCILE, REPORT, ingest_dag, write_back_dag
from concord.settings import read_schedule

NIGHT = timedelta(days=1)
# How much later than the others the systems begin that are read last.
LAST_DELAY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class NightWindow:
    """The logical date of a night's ingest runs, and the half-open interval that they read."""

    logical_date: datetime
    start: datetime
    end: datetime

    @classmethod
    def of_schedule(cls) -> Self:
        """The run that the schedule would have started most recently, reading up to this moment."""
        now = datetime.now(UTC)
        schedule = read_schedule()
        start = schedule.newest_reading(schedule.newest_reading(now) - timedelta(minutes=1))
        return cls(start, start, now)

    @classmethod
    def until_now(cls) -> Self:
        """A run that the schedule does not have, over the last 24 hours."""
        now = datetime.now(UTC)
        return cls(now, now - NIGHT, now)

    def for_last(self) -> "NightWindow":
        """The window of the systems that are read last."""
        later = self.logical_date + LAST_DELAY
        # Airflow does not start a run whose logical date lies in the future.
        date = later if later < datetime.now(UTC) else self.logical_date
        return NightWindow(date, self.start + LAST_DELAY, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSystems:
    """The systems of one night, by name.

    `read` are read tonight, of all that are `in_use`; `last` are read after the others, because they are asked for
    keys that the others named; `targets` may be written to, unless the night `is_writing` nothing.
    """

    read: frozenset[str]
    in_use: frozenset[str]
    targets: frozenset[str]
    last: frozenset[str] = frozenset()
    is_writing: bool = True

    @classmethod
    def registered(cls, read: Iterable[str] | None = None, *, is_writing: bool = True) -> Self:
        """A night that reads these systems of the registry; None reads all that are in use."""
        in_use = {system.name: system for system in registry.systems()}
        return cls(
            read=frozenset(in_use if read is None else read),
            in_use=frozenset(in_use),
            targets=frozenset(system.name for system in registry.written_systems()),
            last=frozenset(name for name, system in in_use.items() if system.is_read_last),
            is_writing=is_writing,
        )

    @property
    def write_back_dags(self) -> frozenset[str]:
        """The Dags that write."""
        return frozenset(map(write_back_dag, self.targets))

    def dag_titles(self) -> dict[str, str]:
        """What each Dag of a night does, by Dag id."""
        return {
            **{ingest_dag(name): f"Read and check {name}" for name in sorted(self.in_use)},
            RECONCILE: "Reconcile",
            **{write_back_dag(name): f"Write back to {name}" for name in sorted(self.targets)},
            REPORT: "Report",
        }


@dataclass(frozen=True, slots=True)
class DueRun:
    """The Dag that has to run next; its assets start it by themselves unless a system is absent or has failed."""

    dag_id: str
    is_started_by_assets: bool


def find_due_run(states: Mapping[str, str], systems: NightSystems) -> DueRun | None:
    """The Dag that has yet to begin, None when the night is over; `states` has the runs' states by Dag id."""
    read = {name for name in systems.read if states.get(ingest_dag(name)) == "success"}
    if not read or states.get(RECONCILE, "success") != "success":
        return None
    if RECONCILE not in states:
        return DueRun(RECONCILE, read == systems.in_use)
    if REPORT in states or not systems.targets or not systems.is_writing:
        return None
    written = {name: states.get(write_back_dag(name)) for name in systems.targets}
    is_awaited = any(written[name] is None for name in read & systems.targets)
    return DueRun(REPORT, is_awaited or all(state == "success" for state in written.values()))
