"""A small client of Airflow's REST API, for the command line and the tests."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Self
from urllib.parse import quote

import requests

from concord.errors import AuthenticationError, NetworkError, RequestError, ServerError
from concord.installed import COMMAND
from concord.local.airflow_records import DagRun, RequiredAction, TaskInstance, read_action, read_run, read_task
from concord.protocols.session.retries import Backoff, retry

TIMEOUT = 30.0
PAGE = 100
BACKFILLS = "/backfills"
BACKOFF = Backoff(attempts=6, first_wait=1.0, longest_wait=15.0)
AT_ONCE = Backoff(attempts=1)
ANY = "~"
Body = Mapping[str, Any]

APPROVE = "Approve"
REJECT = "Reject"
WAITING = "awaiting_input"


class AirflowApi:
    """The REST API of one Airflow, used by one user.

    A call without a response, or with a status from 500, is made again for a minute or so. Every method may raise
    NetworkError (no response), AuthenticationError (wrong password), RequestError (a status below 500) or
    ServerError.
    """

    def __init__(self, url: str, *, user: str, password: str, timeout: float = TIMEOUT) -> None:
        self.url = url.rstrip("/")
        self.user = user
        self._timeout = timeout
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
        """The Dags that are paused: their runs, also those triggered by hand, do not start."""
        return {str(item["dag_id"]) for item in self._pages("/dags", "dags", paused="true")}

    def set_pool(self, name: str, slots: int) -> None:
        """Create a pool, or set the slots of the pool of that name."""
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
        run_id: str | None = None,
    ) -> str:
        """Start a run by hand and return its id, which is `run_id` or one that is made here.

        `interval` is the half-open window that the run reads, None for a Dag without one.
        """
        body: dict[str, object] = {
            "logical_date": None if logical_date is None else logical_date.isoformat(),
            "conf": dict(conf or {}),
            # Made here and not by Airflow, so that a call whose response was lost starts no second run.
            "dag_run_id": run_id or f"manual__{datetime.now(UTC).isoformat()}_{token_hex(4)}",
        }
        if interval is not None:
            body["data_interval_start"], body["data_interval_end"] = (moment.isoformat() for moment in interval)
        self._call("POST", f"/dags/{quote(dag_id)}/dagRuns", json=body)
        return str(body["dag_run_id"])

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

    def end_run(self, dag_id: str, run_id: str, state: str = "failed") -> None:
        """End a run as failed or as success, with the tasks that run now."""
        self._change_run(dag_id, run_id, state=state)

    def note_run(self, dag_id: str, run_id: str, note: str) -> None:
        """Keep a note with a run, which Airflow shows beside it."""
        self._change_run(dag_id, run_id, note=note)

    def _change_run(self, dag_id: str, run_id: str, **change: str) -> None:
        self._call("PATCH", f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}", json=change)

    def clear_tasks(self, tasks: Sequence[TaskInstance]) -> None:
        """Let these tasks of one run, at least one, run again."""
        names = [[task.task_id, task.map_index] if task.map_index >= 0 else task.task_id for task in tasks]
        body = {"dry_run": False, "only_failed": False, "dag_run_id": tasks[0].run_id, "task_ids": names}
        self._call("POST", f"/dags/{quote(tasks[0].dag_id)}/clearTaskInstances", json=body)

    def task_log(self, task: TaskInstance) -> str:
        """The log of the last try of one task, as text."""
        path = (
            f"/dags/{quote(task.dag_id)}/dagRuns/{quote(task.run_id, safe='')}"
            f"/taskInstances/{quote(task.task_id)}/logs/{max(task.try_number, 1)}"
        )
        content = self._call("GET", path, params={"map_index": str(task.map_index)}).get("content", [])
        return "\n".join(str(line.get("event", "")) if isinstance(line, dict) else str(line) for line in content)

    def required_actions(self, dag_id: str = ANY, run_id: str = ANY) -> list[RequiredAction]:
        """The questions that wait for a person and may be answered now; of all runs unless one is named."""
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='~')}/hitlDetails"
        found = [
            read_action(item)
            for item in self._pages(path, "hitl_details", response_received="false", state=WAITING)
        ]
        return [action for action in found if action.is_settled]

    def answer(
        self, action: RequiredAction, option: str = APPROVE, params: Mapping[str, object] | None = None
    ) -> None:
        """Answer a question with an option of it, as a person would in the UI."""
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
        return int(self._call("POST", BACKFILLS, json=body)["id"])

    def is_backfill_complete(self, backfill: int) -> bool:
        """Whether all runs of a backfill have ended."""
        return self._call("GET", f"/backfills/{backfill}")["completed_at"] is not None

    def _pages(self, path: str, key: str, **filters: str) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            response = self._call("GET", path, params={**filters, "limit": str(PAGE), "offset": str(offset)})
            yield from response[key]
            offset += PAGE
            if offset >= int(response["total_entries"]):
                return

    def _call(self, method: str, path: str, **parts: Body) -> dict[str, Any]:
        """The JSON object of a response; after an attempt without one, a conflict means that it took effect."""
        is_again = False

        def call_once() -> dict[str, Any]:
            nonlocal is_again
            try:
                return self._call_once(method, path, **parts)
            except RequestError as error:
                if is_again and method != "GET" and error.facts["status"] == requests.codes.conflict:
                    return {}
                raise
            finally:
                is_again = True

        backoff = BACKOFF if path != BACKFILLS else AT_ONCE
        return retry(call_once, backoff, time.sleep)

    def _call_once(self, method: str, path: str, **parts: Body) -> dict[str, Any]:
        if "Authorization" not in self._session.headers:
            self._authenticate()
        response = self._send(method, f"{self.url}/api/v2{path}", **parts)
        if response.status_code == requests.codes.unauthorized:
            self._authenticate()
            response = self._send(method, f"{self.url}/api/v2{path}", **parts)
        self._check(response, f"{method} {path}")
        return read_object(response)

    def _authenticate(self) -> None:
        response = self._send("POST", f"{self.url}/auth/token", json=self._login)
        if response.status_code == requests.codes.unauthorized:
            raise AuthenticationError(
                f"Airflow at {self.url} does not accept the password of {self.user}.",
                url=self.url,
            )
        self._check(response, "log in")
        self._session.headers["Authorization"] = f"Bearer {read_object(response)['access_token']}"

    def _send(self, method: str, url: str, **parts: Body) -> requests.Response:
        try:
            return self._session.request(
                method, url, params=parts.get("params"), json=parts.get("json"), timeout=self._timeout
            )
        except requests.RequestException as error:
            raise NetworkError(
                f"Airflow at {self.url} does not respond; look at {COMMAND} status.", url=self.url
            ) from error

    def _check(self, response: requests.Response, request: str) -> None:
        if response.ok:
            return
        kind = ServerError if response.status_code >= requests.codes.server_error else RequestError
        raise kind(
            f"Airflow refused ({response.status_code}) to {request}: {response.text[:300]}",
            status=response.status_code,
        )


def read_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object of a response; empty when there is none."""
    content = response.json() if response.content else {}
    return content if isinstance(content, dict) else {}
