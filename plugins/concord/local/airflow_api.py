"""A small client of Airflow's REST API: what the command line and the tests ask of a running Airflow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import requests

from concord.errors import AuthenticationError, NetworkError, RequestError, ServerError

TIMEOUT = 30.0
PAGE = 100
SETTLING = timedelta(seconds=10)
ANY = "~"
Body = Mapping[str, Any]

APPROVE = "Approve"
REJECT = "Reject"
PARKED = "awaiting_input"


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

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen in this run."""
        return self.state in {"success", "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstance:
    """One task of one run; `state` is None before the scheduler looked at it."""

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
        """Whether the scheduler has certainly seen the task park.

        Airflow 3.3.2 fails a task that is answered before: it takes the late news of the parking for a crash.
        """
        return datetime.now(UTC) - self.asked_at > SETTLING


class AirflowApi:
    """One logged-in user of one Airflow."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.user = user
        self._login = {"username": user, "password": password}
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def health(self) -> dict[str, Any]:
        """The health of each part, as Airflow reports it."""
        return self._call("GET", "/monitor/health")

    def dag_ids(self) -> list[str]:
        """All Dags that Airflow has parsed."""
        return [str(item["dag_id"]) for item in self._pages("/dags", "dags")]

    def import_errors(self) -> dict[str, str]:
        """The stack trace of each Dag file that does not load."""
        found = self._pages("/importErrors", "import_errors")
        return {str(item["filename"]): str(item["stack_trace"]) for item in found}

    def paused_dag_ids(self) -> set[str]:
        """The Dags whose runs, also those by hand, do not start."""
        return {str(item["dag_id"]) for item in self._pages("/dags", "dags", paused="true")}

    def set_pool(self, name: str, slots: int) -> None:
        """Create a pool, or give the one there is this many slots."""
        body: dict[str, object] = {"slots": slots, "include_deferred": False}
        if any(item["name"] == name for item in self._pages("/pools", "pools")):
            self._call("PATCH", f"/pools/{quote(name)}", json={"pool": name, **body})
        else:
            self._call("POST", "/pools", json={"name": name, **body})

    def set_paused(self, dag_id: str, *, is_paused: bool) -> None:
        """Pause a Dag or let its schedule run."""
        self._call("PATCH", f"/dags/{quote(dag_id)}", json={"is_paused": is_paused})

    def trigger(
        self,
        dag_id: str,
        *,
        logical_date: datetime | None = None,
        interval: tuple[datetime, datetime] | None = None,
        conf: Mapping[str, object] | None = None,
    ) -> str:
        """Start a run by hand and return its id; the interval is the half-open window the run is for."""
        body: dict[str, object] = {
            "logical_date": None if logical_date is None else logical_date.isoformat(),
            "conf": dict(conf or {}),
        }
        if interval is not None:
            body["data_interval_start"], body["data_interval_end"] = (moment.isoformat() for moment in interval)
        return str(self._call("POST", f"/dags/{quote(dag_id)}/dagRuns", json=body)["dag_run_id"])

    def runs(self, dag_id: str = ANY, **filters: str) -> list[DagRun]:
        """Runs of one Dag or of all, newest first; filters are those of the REST API."""
        found = self._pages(f"/dags/{quote(dag_id)}/dagRuns", "dag_runs", order_by="-run_after", **filters)
        return [read_run(item) for item in found]

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run as it is now."""
        return read_run(self._call("GET", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"))

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """The tasks of one run with their states."""
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        return [read_task(item) for item in self._pages(path, "task_instances")]

    def task_log(self, task: TaskInstance) -> str:
        """The log of the last try of one task, as text."""
        path = (
            f"/dags/{quote(task.dag_id)}/dagRuns/{quote(task.run_id, safe='')}"
            f"/taskInstances/{quote(task.task_id)}/logs/{max(task.try_number, 1)}"
        )
        content = self._call("GET", path, params={"map_index": str(task.map_index)}).get("content", [])
        return "\n".join(str(line.get("event", "")) if isinstance(line, dict) else str(line) for line in content)

    def required_actions(self, dag_id: str = ANY, run_id: str = ANY) -> list[RequiredAction]:
        """The questions that wait for a person now and may be answered."""
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='~')}/hitlDetails"
        found = [
            read_action(item)
            for item in self._pages(path, "hitl_details", response_received="false", state=PARKED)
        ]
        return [action for action in found if action.is_settled]

    def answer(
        self, action: RequiredAction, option: str = APPROVE, params: Mapping[str, object] | None = None
    ) -> None:
        """Answer a question as a person would in the UI."""
        path = (
            f"/dags/{quote(action.dag_id)}/dagRuns/{quote(action.run_id, safe='')}"
            f"/taskInstances/{quote(action.task_id)}/{action.map_index}/hitlDetails"
        )
        self._call("PATCH", path, json={"chosen_options": [option], "params_input": dict(params or {})})

    def create_backfill(
        self,
        dag_id: str,
        *,
        first: datetime,
        last: datetime,
        max_active_runs: int = 4,
        reprocess: str = "none",
    ) -> int:
        """Queue a run for each interval from `first` to `last`, both included; the backfill's id.

        `reprocess` says what becomes of intervals that have a run: none, failed or completed.
        """
        body = {
            "dag_id": dag_id,
            "from_date": first.isoformat(),
            "to_date": last.isoformat(),
            "max_active_runs": max_active_runs,
            "reprocess_behavior": reprocess,
        }
        return int(self._call("POST", "/backfills", json=body)["id"])

    def is_backfill_complete(self, backfill: int) -> bool:
        """Whether all runs of a backfill have ended."""
        return self._call("GET", f"/backfills/{backfill}")["completed_at"] is not None

    def _pages(self, path: str, key: str, **filters: str) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            answer = self._call("GET", path, params={**filters, "limit": str(PAGE), "offset": str(offset)})
            yield from answer[key]
            offset += PAGE
            if offset >= int(answer["total_entries"]):
                return

    def _call(self, method: str, path: str, **parts: Body) -> dict[str, Any]:
        if "Authorization" not in self._session.headers:
            self._authenticate()
        answer = self._send(method, f"{self.url}/api/v2{path}", **parts)
        if answer.status_code == requests.codes.unauthorized:
            self._authenticate()
            answer = self._send(method, f"{self.url}/api/v2{path}", **parts)
        self._check(answer, f"{method} {path}")
        return read_object(answer)

    def _authenticate(self) -> None:
        answer = self._send("POST", f"{self.url}/auth/token", json=self._login)
        if answer.status_code == requests.codes.unauthorized:
            raise AuthenticationError(
                f"Airflow at {self.url} does not accept the password of {self.user}.",
                url=self.url,
            )
        self._check(answer, "log in")
        self._session.headers["Authorization"] = f"Bearer {read_object(answer)['access_token']}"

    def _send(self, method: str, url: str, **parts: Body) -> requests.Response:
        try:
            return self._session.request(
                method, url, params=parts.get("params"), json=parts.get("json"), timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise NetworkError(
                f"Airflow at {self.url} does not answer; look at ./concord status.", url=self.url
            ) from error

    def _check(self, answer: requests.Response, request: str) -> None:
        if answer.ok:
            return
        kind = ServerError if answer.status_code >= requests.codes.server_error else RequestError
        raise kind(
            f"Airflow refused ({answer.status_code}) to {request}: {answer.text[:300]}",
            status=answer.status_code,
        )


def read_object(answer: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when there is none."""
    content = answer.json() if answer.content else {}
    return content if isinstance(content, dict) else {}


def read_run(item: Mapping[str, Any]) -> DagRun:
    """A run from the API's words."""
    return DagRun(
        dag_id=str(item["dag_id"]),
        run_id=str(item["dag_run_id"]),
        state=str(item["state"]),
        run_type=str(item["run_type"]),
        logical_date=read_moment(item["logical_date"]),
        started_at=read_moment(item["start_date"]),
        ended_at=read_moment(item["end_date"]),
    )


def read_task(item: Mapping[str, Any]) -> TaskInstance:
    """A task instance from the API's words."""
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
    """A question from the API's words."""
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
    """A point in time, None when it has not come."""
    return None if text is None else datetime.fromisoformat(text)
