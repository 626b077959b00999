"""The client of Airflow's API, against a server that is slow or fails once."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from concord.errors import NetworkError, RequestError
from concord.local import airflow_api
from concord.local.airflow_api import AirflowApi
from concord.protocols.session.retries import Backoff

TIMEOUT = 0.3


class Busy(ThreadingHTTPServer):
    """An Airflow of which some calls go wrong; `troubles` are of the next calls but for logins."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.troubles: list[str] = []
        self.runs: list[str] = []
        self.calls = 0


class Handler(BaseHTTPRequestHandler):
    server: Busy

    def do_GET(self) -> None:
        self._answer("GET", b"")

    def do_POST(self) -> None:
        self._answer("POST", self.rfile.read(int(self.headers["content-length"] or 0)))

    def _answer(self, method: str, body: bytes) -> None:
        if self.path == "/auth/token":
            self._send(201, {"access_token": "t"})
            return
        self.server.calls += 1
        trouble = self.server.troubles.pop(0) if self.server.troubles else ""
        status, content = self._carry_out(method, body)
        if trouble == "slow":
            time.sleep(2 * TIMEOUT)
        self._send(int(trouble) if trouble.isdigit() else status, content)

    def _carry_out(self, method: str, body: bytes) -> tuple[int, dict[str, object]]:
        if method == "GET":
            return 200, {"dags": [{"dag_id": "reconcile"}], "total_entries": 1}
        name = json.loads(body)["dag_run_id"]
        if name in self.server.runs:
            return 409, {"detail": "exists"}
        self.server.runs.append(name)
        return 200, {"dag_run_id": name}

    def _send(self, status: int, content: dict[str, object]) -> None:
        text = json.dumps(content).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    monkeypatch.setattr(airflow_api, "BACKOFF", Backoff(attempts=4, first_wait=0.01))
    with Busy() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def client(server: Busy) -> Iterator[AirflowApi]:
    url = f"http://127.0.0.1:{server.server_port}"
    with AirflowApi(url, user="admin", password="x", timeout=TIMEOUT) as api:
        yield api


@pytest.mark.parametrize("trouble", ["slow", "500", "503"])
def test_a_call_that_goes_wrong_once_is_made_again(busy: Busy, trouble: str) -> None:
    busy.troubles = [trouble]
    with client(busy) as api:
        assert api.dag_ids() == ["reconcile"]
    assert busy.calls == 2


@pytest.mark.parametrize("trouble", ["slow", "502"])
def test_a_run_whose_start_was_not_heard_of_starts_once(busy: Busy, trouble: str) -> None:
    busy.troubles = [trouble, trouble]
    with client(busy) as api:
        assert [api.trigger("reconcile")] == busy.runs


def test_a_run_that_is_there_already_is_told(busy: Busy) -> None:
    with client(busy) as api:
        api.trigger("reconcile", run_id="one")
        with pytest.raises(RequestError):
            api.trigger("reconcile", run_id="one")


def test_an_airflow_that_stays_away_is_told(busy: Busy) -> None:
    busy.troubles = ["slow"] * 9
    with client(busy) as api, pytest.raises(NetworkError, match="does not respond"):
        api.dag_ids()
