"""The schedule of the ingests: a night is named by the day of the business that it holds."""

from datetime import timedelta
from typing import Any

from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.utils.types import DagRunType

HALF_A_DAY = timedelta(hours=12)
NAMED = (DagRunType.SCHEDULED, DagRunType.BACKFILL_JOB)


class NightTimetable(CronDataIntervalTimetable):  # type: ignore[misc]  # airflow is not followed by mypy
    """A night reads what changed since the night before; its run is named by the last whole day in that span."""

    def generate_run_id(
        self, *, run_type: DagRunType, run_after: Any, data_interval: Any, **extra: Any
    ) -> str:  # Airflow's border
        """The kind of run, the day on the clocks of the business, and the end of the span, to make it unique."""
        if run_type not in NAMED or data_interval is None:
            return str(
                super().generate_run_id(
                    run_type=run_type, run_after=run_after, data_interval=data_interval, **extra
                )
            )
        end = data_interval.end.astimezone(self._timezone)
        day = (data_interval.end - HALF_A_DAY).astimezone(self._timezone).date()
        return str(run_type.generate_run_id(suffix=f"{day}_until_{end.isoformat(timespec='minutes')}"))
