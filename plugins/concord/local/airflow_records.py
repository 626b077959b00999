"""Runs, tasks and questions as Airflow's REST API gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SETTLING_TIME = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """One run of one Dag."""

    dag_id: str
    run_id: str
    state: str
    run_type: str
    logical_date: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    conf: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen in this run."""
        return self.state in {"success", "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstance:
    """One task of one run; `state` is None before the scheduler has seen the task."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    label: str | None
    state: str | None
    try_number: int
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredAction:
    """A question that waits for a person in the Airflow UI."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    subject: str
    body: str
    options: tuple[str, ...]
    asked_at: datetime

    @property
    def is_settled(self) -> bool:
        """Whether the scheduler has surely recorded that the task waits.

        Airflow 3.3.2 fails a task whose question is answered before that: it takes the late record for a crash.
        """
        return datetime.now(UTC) - self.asked_at > SETTLING_TIME


def read_run(item: Mapping[str, Any]) -> DagRun:
    """A run from the JSON of the API."""
    return DagRun(
        dag_id=str(item["dag_id"]),
        run_id=str(item["dag_run_id"]),
        state=str(item["state"]),
        run_type=str(item["run_type"]),
        logical_date=read_moment(item["logical_date"]),
        started_at=read_moment(item["start_date"]),
        ended_at=read_moment(item["end_date"]),
        conf=item.get("conf") or {},
        note=str(item.get("note") or ""),
    )


def read_task(item: Mapping[str, Any]) -> TaskInstance:
    """A task instance from the JSON of the API."""
    return TaskInstance(
        dag_id=str(item["dag_id"]),
        run_id=str(item["dag_run_id"]),
        task_id=str(item["task_id"]),
        map_index=int(item["map_index"]),
        label=item.get("rendered_map_index"),
        state=item["state"],
        try_number=int(item["try_number"]),
        started_at=read_moment(item["start_date"]),
        ended_at=read_moment(item["end_date"]),
    )


def read_action(item: Mapping[str, Any]) -> RequiredAction:
    """A question from the JSON of the API."""
    task = item["task_instance"]
    return RequiredAction(
        dag_id=str(task["dag_id"]),
        run_id=str(task["dag_run_id"]),
        task_id=str(task["task_id"]),
        map_index=int(task["map_index"]),
        subject=str(item["subject"]),
        body=str(item["body"] or ""),
        options=tuple(item["options"]),
        asked_at=datetime.fromisoformat(item["created_at"]),
    )


def read_moment(text: str | None) -> datetime | None:
    """A point in time; None stays None."""
    return None if text is None else datetime.fromisoformat(text)
