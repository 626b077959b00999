"""Files that a vendor names: from its own hosts alone, never from this machine, and bounded in size."""

import gzip
import io
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from concord.errors import NetworkError, RequestError
from concord.protocols.files.storage import FileLogin
from concord.protocols.session.client import HttpSession
from concord.protocols.session.download import FileRules, download, read_lines
from concord.protocols.session.outside import is_outside
from concord.settings import Connection

OWN = frozenset({"files.vendor.example"})
BOMB = gzip.compress(bytes(300 << 20))
LINES = gzip.compress(b"".join(b'{"id": "gid://shopify/Order/%d"}\n' % number for number in range(200_000)))


class Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/bomb": BOMB, "/lines": LINES}[self.path]
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            return

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def session(**extra: str) -> HttpSession:
    return HttpSession(Connection("shop", "http://shop.vendor.example", extra=extra), FileLogin())


@pytest.mark.parametrize("size", [None, 3 << 20], ids=["unannounced", "announced"])
def test_a_file_that_unpacks_to_more_than_it_may_is_left(url: str, size: int | None) -> None:
    into = io.BytesIO()
    with pytest.raises(RequestError, match="larger than it may be"):
        download(session(file_hosts="127.0.0.1"), f"{url}/bomb", into, FileRules(OWN, size))
    assert len(into.getvalue()) < 100 << 20


def test_a_usual_file_is_fetched_whole_announced_or_not(url: str) -> None:
    whole = gzip.decompress(LINES)
    for size in (None, len(whole)):
        into = io.BytesIO()
        assert download(session(file_hosts="127.0.0.1"), f"{url}/lines", into, FileRules(OWN, size)) == len(whole)
        assert sum(1 for _ in read_lines(into)) == 200_000


def test_a_line_without_an_end_is_not_read_into_memory() -> None:
    with pytest.raises(RequestError, match="longer than"):
        list(read_lines(io.BytesIO(b'{"a": 1}\n' + bytes(3 << 20)), longest=2 << 20))
    assert list(read_lines(io.BytesIO(b"ab\ncd"), longest=3)) == [b"ab\n", b"cd"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://files.vendor.example.evil.example/x",
        "http://evilfiles.vendor.example/x",
        "http://files.vendor.example@10.0.0.1/x",
        "http://10.0.0.1/files.vendor.example",
        "http:///x",
        "http://files.vendor.example:port/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_that_is_none_of_the_vendors_is_not_called(address: str) -> None:
    with pytest.raises(RequestError, match="none of its own hosts"):
        download(session(), address, io.BytesIO(), FileRules(OWN))


@pytest.mark.parametrize(
    "found", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:192.168.0.1", "169.254.169.254", "fe80::1%eth0"]
)
def test_a_name_of_the_vendor_that_leads_inside_is_not_called(found: str, resolve: Callable[[str], None]) -> None:
    resolve(found)
    with pytest.raises(RequestError, match="private network"):
        download(session(), "http://a.files.vendor.example/x", io.BytesIO(), FileRules(OWN))


def test_the_address_that_was_checked_is_the_one_that_is_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives a good address first and an inner one a moment later."""
    port, called = int(url.rpartition(":")[2]), []
    answers = [("93.184.215.14", port), ("127.0.0.1", port)]

    def look_up(host: str, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        address = answers.pop(0) if host == "a.files.vendor.example" else (host, port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)]

    def connect(_socket: socket.socket, address: tuple[str, int]) -> None:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(NetworkError):
        download(session(), f"http://a.files.vendor.example:{port}/lines", io.BytesIO(), FileRules(OWN))
    assert called == ["93.184.215.14"]


@pytest.mark.parametrize(
    "address",
    ["64:ff9b::10.0.0.1", "2002:7f00:1::", "fd00::1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "192.0.2.1", "::"],
)
def test_every_special_network_lies_inside(address: str) -> None:
    assert not is_outside(address)
    assert is_outside("93.184.215.14")
    assert is_outside("2606:2800:21f::1")


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let every name lead to one address, as a name server of somebody else would."""

    def lead(address: str) -> None:
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        entry = (kind, socket.SOCK_STREAM, 6, "", (address, 80))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: [entry])

    return lead
