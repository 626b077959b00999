"""A Dag that says hello and then asks a person, for the tests of a local Airflow."""

from datetime import UTC, datetime

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import CronDataIntervalTimetable, dag, task


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
)
def hello() -> None:
    """Say hello for a window, once a person agrees."""

    @task
    def greet(data_interval_start: datetime, data_interval_end: datetime) -> str:
        return f"{data_interval_start:%Y-%m-%d}..{data_interval_end:%Y-%m-%d}"

    ApprovalOperator(task_id="approve", subject="May I say hello?", body="A greeting") >> greet()


hello()
