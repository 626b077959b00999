"""A server with sessions of its own: it checks the login, hands out tokens where a test wants them, ends them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

USER, PASSWORD = "ada", "s3cret-word"
ACCOUNT = {"user": USER, "password": PASSWORD}
XML_ANSWER = """<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><loginResponse xmlns="urn:office">
<result company="7"><!-- new --><sessionId><![CDATA[%s]]></sessionId><userId>1</userId></result>
</loginResponse></s:Body></s:Envelope>"""


def account_in(body: bytes) -> object:
    """Who logs in, by JSON or by XML."""
    if not body.startswith(b"<"):
        return json.loads(body)
    return {item.tag: item.text for item in ElementTree.fromstring(body)}


@dataclass
class Habit:
    """How the server answers: `place` is where the token goes, `ended` what it says when a session is over."""

    place: str
    ended: tuple[int, dict[str, str], bytes] = (401, {}, b"{}")


@dataclass
class Office:
    """What the server knows: sessions that are valid, logins that were made, records that were written."""

    habit: Habit
    url: str = ""
    valid: set[str] = field(default_factory=set)
    logins: int = 0
    written: list[bytes] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)

    def log_in(self, given: object) -> tuple[int, list[tuple[str, str]], bytes]:
        if given != ACCOUNT:
            return 200, [("Set-Cookie", "sid=anonymous; Path=/")], b'{"error": "who are you?"}'
        self.logins += 1
        token = f"t{self.logins}"
        self.valid.add(token)
        match self.habit.place:
            case "header":
                return 200, [("shop-auth-token", token)], b'{"data": {"login": {"id": "1"}}}'
            case "cookie":
                cookies = [f"sid={token}; Expires=Wed, 21 Oct 2037 07:28:00 GMT; HttpOnly", "node=n7; Path=/"]
                return 302, [("Location", "/home"), *(("Set-Cookie", value) for value in cookies)], b""
            case "text":
                return 200, [], json.dumps(token).encode()
            case "xml":
                return 200, [("Content-Type", "text/xml")], (XML_ANSWER % token).encode()
        ends = {"seconds": 3600, "text": "3600.0", "end": "2999-01-01T00:00:00Z"}
        body = {"result": [7, token], "uid": 1, "session": ends}
        return 200, [], json.dumps(body).encode()

    def holds(self, headers: Any) -> bool:
        words = f"{headers.get('Authorization', '')} {headers.get('Cookie', '')}".replace(";", " ").split()
        return any(word.rpartition("=")[2] in self.valid for word in words)


@contextmanager
def open_office(habit: Habit) -> Iterator[Office]:
    """A running server."""
    office = Office(habit)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            office.cookies.append(self.headers.get("Cookie", ""))
            if self.path == "/main/login":
                self.reply(*office.log_in(account_in(body)))
            elif not office.holds(self.headers):
                status, headers, content = office.habit.ended
                self.reply(status, list(headers.items()), content)
            else:
                office.written += [body] if self.command == "POST" else []
                self.reply(200, [("Set-Cookie", "seen=1; Path=/")], b'{"data": {"note": "SESSION_ENDED"}}')

        def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Tests print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        office.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()
