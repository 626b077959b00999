"""What a bench for a real server stands on: it starts once, its relay passes all on, its variables are kept."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from concord.testing.bench import Bench
from concord.testing.environment import unseen_variables
from concord.testing.open_benches import OpenBenches
from concord.testing.relay import relayed
from tests.conftest import pytest_report_header


def starting(trouble: BaseException, begun: list[str]) -> Any:
    @contextmanager
    def start(name: str) -> Iterator[Bench]:
        begun.append(name)
        raise trouble
        yield

    def open_bench(name: str) -> AbstractContextManager[Bench]:
        return start(name)

    return open_bench


def test_a_bench_that_did_not_start_is_not_started_again() -> None:
    begun: list[str] = []
    benches = OpenBenches(starting(RuntimeError("port 80 is taken"), begun))
    with pytest.raises(RuntimeError, match="port 80"):
        benches.find("shop")
    for _ in range(2):
        with pytest.raises(AssertionError, match="bench of shop did not start"):
            benches.find("shop")
    assert begun == ["shop"]


def test_a_bench_that_skips_is_skipped_again_without_a_start() -> None:
    begun: list[str] = []
    benches = OpenBenches(starting(pytest.skip.Exception("no such program here"), begun))
    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match="no such program here"):
            benches.find("shop")
    assert begun == ["shop"]


class Echo(BaseHTTPRequestHandler):
    """Gives the request's headers as the body, and some headers of its own."""

    def do_POST(self) -> None:
        body = "\n".join(f"{name.lower()}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(200)
        for name, value in (("X-Auth-Token", "t1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("ETag", '"7"')):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


def test_a_relay_passes_on_every_header_both_ways() -> None:
    sent = {"X-Csrf-Token": "c1", "If-Match": '"6"', "Cookie": "a=1", "Accept": "application/json"}
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with relayed(f"http://127.0.0.1:{server.server_address[1]}") as relay:
            call = http.client.HTTPConnection("127.0.0.1", relay.port)
            call.request("POST", "/login", b"{}", sent)
            answer = call.getresponse()
            body, headers = answer.read().decode(), answer.getheaders()
            call.close()
        thread.join()
    assert {f"{name.lower()}: {value}" for name, value in sent.items()} <= set(body.split("\n"))
    assert body.count("content-length: 2") == 1
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert {("X-Auth-Token", "t1"), ("ETag", '"7"')} <= set(headers)


def test_variables_of_a_bench_are_kept_and_the_others_are_told() -> None:
    given = {"CONCORD_BENCH_SHOP_URL": "http://shop", "CONCORD_HOME": "/x", "PGHOST": "y", "PATH": "/bin"}
    assert unseen_variables(given) == ["CONCORD_HOME", "PGHOST"]


def test_what_tests_do_not_see_is_told_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_SHOP_TOKEN", "secret")
    said = pytest_report_header()
    assert "CONCORD_SHOP_TOKEN" in said
    assert "CONCORD_BENCH_" in said
    assert "secret" not in said
