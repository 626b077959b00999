"""Registers Concord's schedule with Airflow, which can store only schedules that a plugin names."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from concord.orchestration.nights import NightTimetable


class ConcordSchedule(AirflowPlugin):  # type: ignore[misc]  # airflow is not followed by mypy
    """The schedules that Concord's Dags use beside those of Airflow."""

    name = "concord"
    timetables: ClassVar[list[type]] = [NightTimetable]
