"""A small SOAP server, written from its WSDL: 1.1 and 1.2, pages by row and handle, faults, attacks on request."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent
ERP = "urn:example:erp"
ENVELOPES = {
    "http://schemas.xmlsoap.org/soap/envelope/": "text/xml; charset=utf-8",
    "http://www.w3.org/2003/05/soap-envelope": "application/soap+xml; charset=utf-8",
}
SOAP11 = next(iter(ENVELOPES))
LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "ha"}">' for number in range(12))
ORDER = ("custNo", "name", "phone", "creditLimit", "isBlocked", "since", "version", "changedAt", "address")
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def new_customers(count: int) -> dict[str, dict[str, Any]]:
    return {
        f"C{number:04d}": {
            "custNo": f"C{number:04d}",
            "name": f"Möbel & Söhne {number}",
            "phone": None if number % 7 == 0 else f"+4930{number:07d}",
            "creditLimit": f"{number}.50",
            "isBlocked": "false",
            "since": "2026-10-01",
            "version": "1",
            "changedAt": (BEGIN + timedelta(minutes=number // 3)).isoformat().replace("+00:00", "Z"),
        }
        for number in range(count)
    }


@dataclass
class Erp:
    """What the server holds, and `plan`: what happens at the next call of an operation.

    `damage` are bytes of every response and those that are sent in their place.
    """

    customers: dict[str, dict[str, Any]] = field(default_factory=lambda: new_customers(60))
    plan: list[tuple[str, str]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    done: dict[str, str] = field(default_factory=dict)
    handles: dict[str, list[str]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    damage: tuple[bytes, bytes] = (b"", b"")

    def strike(self, operation: str) -> str:
        for entry in self.plan:
            if entry[0] == operation:
                self.plan.remove(entry)
                return entry[1]
        return ""

    def answer(self, operation: str, body: Tree.Element) -> str:
        match operation:
            case "findCustomers":
                return self.find(body)
            case "nextCustomers":
                return self.page(self.handles.pop(text(body, "handle")), 9)
            case "saveCustomer":
                return self.save(body)
        return self.add(body)

    def find(self, body: Tree.Element) -> str:
        wanted = [item.text for item in body.iter(f"{{{ERP}}}custNo")]
        since, until = text(body, "filter/changedFrom"), text(body, "filter/changedTo")
        found = [
            key
            for key, item in sorted(self.customers.items())
            if (not wanted or key in wanted)
            and (not since or moment(item["changedAt"]) >= moment(since))
            and (not until or moment(item["changedAt"]) < moment(until))
        ]
        start, rows = int(text(body, "startRow") or "0"), int(text(body, "maxRows") or "9")
        return self.page(found[start - 1 :], rows) if start else self.page(found, rows, by_handle=True)

    def page(self, keys: list[str], rows: int, *, by_handle: bool = False) -> str:
        shown, left = keys[:rows], keys[rows:]
        handle = ""
        if left and (by_handle or rows == 9):
            handle = f"H{len(self.handles)}-{len(left)}"
            self.handles[handle] = left
        records = "".join(f"<customer>{elements(self.customers[key])}</customer>" for key in shown)
        more = str(bool(left)).lower()
        told = f"<handle>{handle}</handle>" if handle else ""
        return f"<returnCode>0</returnCode><more>{more}</more>{told}<customers>{records}</customers>"

    def save(self, body: Tree.Element) -> str:
        key, record = text(body, "customer/custNo"), self.customers.get(text(body, "customer/custNo"))
        if record is None or text(body, "expectedVersion") != record["version"]:
            return refusal("409", f"VERSION OF {key}")
        return self._take(body, record, key)

    def add(self, body: Tree.Element) -> str:
        key = f"N{len(self.customers):04d}"
        if (known := self.done.get(text(body, "messageId"))) is not None:
            return f"<returnCode>0</returnCode><custNo>{known}</custNo>"
        record: dict[str, Any] = {"custNo": key, "version": "0", "changedAt": "2026-10-09T00:00:00Z"}
        answer = self._take(body, record, key)
        if "<returnCode>0<" in answer:
            self.customers[key] = record
            self.done[text(body, "messageId")] = key
        return answer

    def _take(self, body: Tree.Element, record: dict[str, Any], key: str) -> str:
        name = text(body, "customer/name")
        if name.startswith("!"):
            return refusal("12", f"NAME {name} IS NOT ALLOWED")
        for item in body.find(f"{{{ERP}}}customer") or ():
            record[item.tag.rpartition("}")[2]] = inside(item)
        record["version"] = str(int(record["version"] or "0") + 1)
        return f"<returnCode>0</returnCode><custNo>{key}</custNo>"


def moment(value: str | None) -> datetime:
    return datetime.fromisoformat(str(value))


def text(body: Tree.Element, path: str) -> str:
    return body.findtext("/".join(f"{{{ERP}}}{part}" for part in path.split("/"))) or ""


def inside(item: Tree.Element) -> Any:
    """What an element holds: its text, or what it holds by name, a list where a name comes more than once."""
    found: dict[str, Any] = {}
    for part in item:
        name, value = part.tag.rpartition("}")[2], inside(part)
        found[name] = (
            [*(found[name] if isinstance(found[name], list) else [found[name]]), value] if name in found else value
        )
    return found or item.text


def elements(record: dict[str, Any]) -> str:
    nothing = '<phone xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
    return "".join(
        nothing if record.get(name) is None else element(name, record[name]) for name in ORDER if name in record
    )


def element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(element(name, part) for part in value)
    held = "".join(element(*pair) for pair in value.items()) if isinstance(value, dict) else escape(str(value))
    return f"<{name}>{held}</{name}>"


def refusal(code: str, words: str) -> str:
    message = f"<message><id>{code}</id><text>{escape(words)}</text></message>"
    return f"<returnCode>{code}</returnCode><messages>{message}</messages>"


def fault(space: str, kind: str) -> str:
    """A fault of SOAP 1.1 or 1.2."""
    theirs = kind == "server"
    words, detail = ("Database down", "E900") if theirs else ("Customer number missing", "E104")
    inside = f'<f:Fault xmlns:f="{ERP}"><f:code>{detail}</f:code></f:Fault>'
    if space == SOAP11:
        code = {"server": "soap:Server", "client": "soap:Client", "login": "wsse:FailedAuthentication"}[kind]
        return (
            f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{words}</faultstring>"
            f"<detail>{inside}</detail></soap:Fault>"
        )
    code = "soap:Receiver" if theirs else "soap:Sender"
    sub = '<soap:Subcode><soap:Value xmlns:w="urn:w">w:FailedAuthentication</soap:Value></soap:Subcode>'
    return (
        f"<soap:Fault><soap:Code><soap:Value>{code}</soap:Value>{sub if kind == 'login' else ''}</soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="en">{words}</soap:Text></soap:Reason>'
        f"<soap:Detail>{inside}</soap:Detail></soap:Fault>"
    )


class SoapServer(ThreadingHTTPServer):
    """Serves the WSDL, its schema, and the service."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.erp = Erp()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: SoapServer

    def do_GET(self) -> None:
        self.server.erp.calls[self.path] += 1
        files = {"/services/Customers?wsdl": "customers.wsdl", "/services/types/customers.xsd": "customers.xsd"}
        if self.path in files:
            self._reply(200, "text/xml", (FOLDER / files[self.path]).read_bytes())
        else:
            self._reply(404, "text/plain", b"no such thing")

    def do_POST(self) -> None:
        envelope = Tree.fromstring(self.rfile.read(int(self.headers["content-length"])))
        space = envelope.tag[1:].partition("}")[0]
        body = envelope.find(f"{{{space}}}Body")
        call = body[0] if body is not None else envelope
        operation = call.tag.rpartition("}")[2]
        erp = self.server.erp
        erp.calls[operation] += 1
        erp.logins += [str(item.text) for item in envelope.iter() if item.tag.endswith("}Username")]
        self._play(erp.strike(operation), space, operation, call)

    def _play(self, kind: str, space: str, operation: str, call: Tree.Element) -> None:
        if kind == "cut_before":
            self.connection.close()
        elif kind == "html":
            self._reply(200, "text/html", b"<html>Back soon</html>")
        elif kind == "broken":
            self._reply(200, "text/xml", b"<soap:Envelope")
        elif kind in ("server", "client", "login"):
            status = 400 if kind == "client" and space != SOAP11 else 500
            self._answer(status, space, fault(space, kind))
        elif kind == "busy":
            end = "<more>false</more>" if operation == "findCustomers" else ""
            self._answer(200, space, self._wrapped(operation, refusal("77", "COME BACK LATER") + end))
        else:
            answer = self._wrapped(operation, self.server.erp.answer(operation, call))
            if kind == "cut_after":
                self.connection.close()
            elif kind == "late":
                self._answer(500, space, fault(space, "server"))
            else:
                self._answer(200, space, answer, kind)

    def _wrapped(self, operation: str, inside: str) -> str:
        return f'<{operation}Response xmlns="{ERP}">{inside}</{operation}Response>'

    def _answer(self, status: int, space: str, inside: str, kind: str = "") -> None:
        begin = '<?xml version="1.0" encoding="UTF-8"?>'
        if kind == "laughs":
            begin += f"<!DOCTYPE r [{LAUGHS}]>"
            inside = inside.replace("Möbel", "&l11;", 1)
        elif kind == "external":
            secret = f"http://127.0.0.1:{self.server.server_address[1]}/secret"
            begin += f'<!DOCTYPE r [<!ENTITY s SYSTEM "{secret}"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
            inside = inside.replace("Möbel", "&s;&f;", 1)
        elif kind == "dtd":
            begin += f'<!DOCTYPE r SYSTEM "http://127.0.0.1:{self.server.server_address[1]}/secret.dtd">'
        text_of_all = f'{begin}<soap:Envelope xmlns:soap="{space}"><soap:Body>{inside}</soap:Body></soap:Envelope>'
        old, new = self.server.erp.damage
        content = text_of_all.encode()
        self._reply(status, ENVELOPES[space], content.replace(old, new) if old else content)

    def _reply(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@contextmanager
def soap_server() -> Iterator[SoapServer]:
    """A running server."""
    with SoapServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
