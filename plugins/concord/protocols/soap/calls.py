"""SOAP by the library zeep: the WSDL says how a call is written and read, and our session sends it.

Every byte goes through the session, with its retries, rate limit and login, and only to the connection's host,
whatever address the WSDL names.
Documents with a DTD or entities are refused, as SOAP allows none.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import zeep
from zeep import exceptions as foreign
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from concord.contract import Session
from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    OutcomeUnknownError,
    RequestError,
    ServerError,
    TransientError,
)
from concord.protocols.session.masking import masked, masked_refusal
from concord.protocols.session.retries import Backoff, retry
from concord.protocols.soap.forbidden import keep_unreadable_texts, without_forbidden
from concord.settings import read_home

keep_unreadable_texts()

_logger = logging.getLogger(__name__)
_BACKOFF = Backoff(attempts=3, first_wait=1.0)
DAY = 24 * 3600.0
_THEIRS, _OURS = frozenset({"Server", "Receiver"}), frozenset({"Client", "Sender"})
_LOGIN = ("FailedAuthentication", "InvalidSecurityToken", "FailedCheck", "Authentication", "Unauthorized")
_ATTACKS = (foreign.DTDForbidden, foreign.EntitiesForbidden, foreign.ExternalReferenceForbidden)
_MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n"  # what may stand before a document
_ASIDES = {b"<?": b"?>", b"<!--": b"-->"}
_zeep: Any = zeep  # its classes have no types
_token: Any = UsernameToken


@dataclass(frozen=True, slots=True)
class SoapService:
    """One service: where its WSDL and its endpoint are on the connection's host.

    `wsdl` may name a file of ours instead, by an absolute path. `service` and `port` choose where the WSDL has
    several. `security` is `text` or `digest` for a UsernameToken of WS-Security with the connection's login.
    `wsdl_seconds` is how long the copy on disk is used before the WSDL is fetched again; while the host is down it
    is used longer.
    """

    wsdl: str
    endpoint: str
    service: str | None = None
    port: str | None = None
    security: str = ""
    wsdl_seconds: float = DAY

    def open(self, session: Session) -> "Calls":
        """The operations of the service, over this session."""
        carrier = _Carrier(session, self)
        login = session.connection
        token = _token(login.login, login.password, use_digest=self.security == "digest")
        settings = _zeep.Settings(forbid_dtd=True, forbid_entities=True, force_https=False)
        try:
            client = _zeep.Client(
                self.wsdl if Path(self.wsdl).is_file() else f"{session.connection.url.rstrip('/')}{self.wsdl}",
                transport=carrier,
                settings=settings,
                wsse=token if self.security else None,
            )
            proxy = client.bind(self.service, self.port)
        except (foreign.Error, ValueError) as error:
            raise self._unusable(login.name, masked(error)) from error
        if proxy is None:
            raise self._unusable(login.name, "it declares no service")
        return Calls(session, carrier, proxy)

    def _unusable(self, name: str, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f'The WSDL of connection "{name}" cannot be used ({reason}); '
            "check the path of the WSDL and the names of service and port in the declaration.",
            connection=name,
        )


class EnvelopeLogin:
    """The login is sent inside the envelope (`SoapService.security`); there are no headers to send."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """None."""
        return {}

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Nothing to forget: the session tries once more with the same login."""


class _Carrier(Transport):
    """The transport of zeep over our session; `was_sent` says whether the last call was sent."""

    def __init__(self, session: Session, service: SoapService) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep's have no types
        self._ours, self._service = session, service
        self.is_write = self.was_sent = False

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        """One call to the endpoint of the connection; `address` is that of the WSDL, and is not used."""
        self.was_sent = True
        asked = self._ours.with_headers({"Accept": "text/xml, application/soap+xml", **headers})
        found = asked.fetch("POST", self._service.endpoint, body=message, is_write=self.is_write)
        _refuse_doctype(found.body)
        response = requests.Response()
        response.status_code = found.status
        response.headers.update(found.headers)
        response._content = without_forbidden(found.body)  # noqa: SLF001  # the way to make one without a connection
        return response

    def load(self, url: str) -> bytes:
        """A WSDL or schema, from the copy on disk while that is young or the host is down."""
        content = Path(url).read_bytes() if Path(url).is_file() else self._load_copied(url)
        _refuse_doctype(content)
        return content

    def _load_copied(self, url: str) -> bytes:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        name = hashlib.sha256(f"{self._ours.connection.url} {path}".encode()).hexdigest()[:32]
        copy = read_home() / "wsdl" / f"{name}.xml"
        if copy.is_file() and time.time() - copy.stat().st_mtime < self._service.wsdl_seconds:
            return copy.read_bytes()
        try:
            content = self._ours.fetch("GET", path).body
        except TransientError as error:
            if not copy.is_file():
                raise
            _logger.warning("The WSDL's copy on disk is used. path=%s reason=%s", parts.path, error.message)
            return copy.read_bytes()
        _keep(copy, content)
        return content


def _refuse_doctype(document: bytes) -> None:
    """Raise for a document type before a parser reads it: entities may grow without end or load other files."""
    text = document.replace(b"\0", b"") if b"\0" in document[:4] else document
    at = len(text) - len(text.lstrip(_MARKS))
    while (end := next((end for begin, end in _ASIDES.items() if text.startswith(begin, at)), None)) is not None:
        at = text.find(end, at)
        if at < 0:
            return
        at += len(end)
        at += len(text[at:]) - len(text[at:].lstrip())
    if text.startswith(b"<!DOCTYPE", at):
        raise foreign.DTDForbidden("DOCTYPE", None, None)  # type: ignore[no-untyped-call]  # zeep's have no types


def _keep(copy: Path, content: bytes) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    fresh = copy.with_suffix(f".{time.monotonic_ns()}.new")
    fresh.write_bytes(content)
    fresh.replace(copy)


class Calls:
    """The operations of one service by name."""

    def __init__(self, session: Session, carrier: _Carrier, proxy: Any) -> None:
        self._session, self._carrier, self._proxy = session, carrier, proxy

    def read(
        self, operation: str, parameters: Mapping[str, Any], check: Callable[[Mapping[str, Any]], None]
    ) -> dict[str, Any]:
        """The response as plain values; the call is repeated where a fault, or `check`, is a transient error."""

        def read_once() -> dict[str, Any]:
            response = self._call(operation, parameters, is_write=False)
            check(response)
            return response

        return retry(read_once, _BACKOFF, self._session.pause, may_repeat=_is_passing_fault)

    def write(self, operation: str, parameters: Mapping[str, Any], *, is_repeatable: bool) -> dict[str, Any]:
        """The response as plain values.

        A fault of the service may come after the write took effect, and is then an `OutcomeUnknownError`; where
        the service does not carry the same write out twice (`is_repeatable`), it is a `ServerError`.
        """
        try:
            return self._call(operation, parameters, is_write=True)
        except ServerError as error:
            if is_repeatable or not error.facts.get("is_fault"):
                raise
            raise OutcomeUnknownError(
                f"{error.message} It may have taken effect; read the record back."
            ) from error

    def _call(self, operation: str, parameters: Mapping[str, Any], *, is_write: bool) -> dict[str, Any]:
        self._carrier.is_write, self._carrier.was_sent = is_write, False
        try:
            result = getattr(self._proxy, operation)(**parameters)
        except foreign.Fault as fault:
            raise sort_fault(fault, self._session.connection.name, is_write=is_write) from fault
        except _ATTACKS as error:
            sentence = f"The response to {operation} holds a DTD or entities, which have no place in SOAP"
            raise self._refusal(f"{sentence}; it was not read.", is_write=is_write) from error
        except (foreign.Error, AttributeError, TypeError, ValueError) as error:
            if self._carrier.was_sent:
                raise self._unreadable(operation, error, is_write=is_write) from error
            words = masked_refusal(error, is_write=is_write, asked=" ".join(_names_in(parameters)))
            raise RequestError(f"{operation} does not take this: {words}.", sentence=str(error)) from error
        found = _zeep.helpers.serialize_object(result, dict)
        return found if isinstance(found, dict) else {"": found}

    def _refusal(self, sentence: str, *, is_write: bool) -> ConcordError:
        if is_write:
            return OutcomeUnknownError(f"{sentence} Read the record back before anything is sent again.")
        return RequestError(sentence)

    def _unreadable(self, operation: str, error: Exception, *, is_write: bool) -> ConcordError:
        if is_write:
            return OutcomeUnknownError(
                f"The response to {operation} cannot be read; read the record back before anything is sent again."
            )
        return ServerError(
            f"The response to {operation} is not what the WSDL promises ({type(error).__name__}); "
            "the service may be in maintenance, or its WSDL has changed.",
            is_fault=True,
        )


def _is_passing_fault(error: ConcordError) -> bool:
    return isinstance(error, ServerError) and bool(error.facts.get("is_fault"))


def _names_in(parameters: object) -> Iterator[str]:
    """The names of all parts of a call."""
    if isinstance(parameters, Mapping):
        yield from map(str, parameters)
        parameters = list(parameters.values())
    for part in parameters if isinstance(parameters, list) else ():
        yield from _names_in(part)


def sort_fault(fault: foreign.Fault, name: str, *, is_write: bool) -> ConcordError:
    """The error for a fault of SOAP 1.1 or 1.2 in the login, the service or the call, with its codes as facts."""
    code = str(fault.code or "").rpartition(":")[2]
    kind, inner = code.partition(".")[0], [str(item).rpartition("}")[2] for item in fault.subcodes or []]
    codes = frozenset({code, *inner, *_detail_codes(fault.detail)})
    if any(word in part for part in (code, *inner) for word in _LOGIN):
        return AuthenticationError(
            f'The service refuses the login of connection "{name}"; correct its login and password in Airflow '
            "(Admin, Connections).",
            connection=name,
        )
    sentence = f"{fault.message or 'no reason given'} ({'; '.join(sorted(codes - {''}))})"
    shown = masked_refusal(sentence, is_write=is_write)
    if kind in _THEIRS:
        return ServerError(f"The service failed: {shown}.", is_fault=True, codes=codes)
    summary = "The service refuses the call" if kind in _OURS else "The service sent a fault"
    return RequestError(f"{summary}: {shown}.", sentence=sentence, codes=codes)


def _detail_codes(detail: Any) -> frozenset[str]:
    """The short words in a fault's detail, which are its codes."""
    texts = [] if detail is None else [str(item.text or "").strip() for item in detail.iter()]
    return frozenset(text for text in texts if text and len(text) <= 40 and " " not in text)
