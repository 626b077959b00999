"""One HTTP exchange without retries: bounded in time and size, every foreign error turned into ours.

A write that may have reached the server without a whole response is an `OutcomeUnknownError`; everything else that
may pass by itself is a `TransientError`.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

import requests
from requests import exceptions as foreign
from requests.cookies import get_cookie_header
from urllib3 import exceptions as lower

from concord.contract import Response
from concord.errors import ConcordError, ConfigurationError, NetworkError, OutcomeUnknownError, RequestError
from concord.protocols.session.retries import RetryLimits

_CHUNK = 1 << 16  # bytes as they arrive; unpacked, each piece may be a thousand times as large


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it will be sent; `path` is what messages show, never the query."""

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str] | None = None
    data: bytes | None = None
    is_write: bool = False
    is_login: bool = False

    @property
    def words(self) -> str:
        """What the request asks for, to compare with what a refusal quotes."""
        asked = [unquote_plus(self.url), *(self.params or {}), *(self.params or {}).values()]
        return " ".join([*asked, (self.data or b"").decode("utf-8", "replace")])


def exchange(http: requests.Session, request: Request, retry_limits: RetryLimits) -> Response:
    """Send once and read the whole body; the header names of the response are in lower case."""
    deadline = time.monotonic() + retry_limits.total_seconds
    try:
        with http.request(
            request.method,
            request.url,
            params=request.params,
            data=request.data,
            headers=_with_cookies(http, request),
            timeout=(retry_limits.connect_seconds, retry_limits.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as foreign_response:
            body = _read_body(foreign_response, request, retry_limits, deadline)
            headers = {name.lower(): value for name, value in foreign_response.headers.items()}
            return Response(body, headers, foreign_response.status_code)
    except (foreign.RequestException, lower.HTTPError, OSError) as error:
        raise as_ours(error, request) from error


def _with_cookies(http: requests.Session, request: Request) -> dict[str, str]:
    """The headers; cookies that the server set meanwhile go along with those of the login, which go first."""
    headers = dict(request.headers)
    if "Cookie" in headers:
        asked = requests.Request(url=request.url)
        kept = get_cookie_header(http.cookies, asked)  # type: ignore[no-untyped-call]  # the library has no types
        given = str(kept or "").split("; ")
        names = {pair.partition("=")[0] for pair in headers["Cookie"].split("; ")}
        others = [pair for pair in given if pair and pair.partition("=")[0] not in names]
        headers["Cookie"] = "; ".join([headers["Cookie"], *others])
    return headers


def _read_body(response: requests.Response, request: Request, retry_limits: RetryLimits, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in _arriving(response):
        pieces.append(piece)
        size += len(piece)
        if size > retry_limits.largest_body:
            raise _lost(
                request,
                RequestError(
                    f"The response to {request.method} {request.path} is larger than "
                    f"{retry_limits.largest_body // 1_048_576} MB; ask for smaller pages.",
                ),
            )
        if time.monotonic() > deadline:
            raise _lost(
                request,
                NetworkError(
                    f"The response to {request.method} {request.path} took longer than "
                    f"{retry_limits.total_seconds:.0f} s; try again when the vendor is faster."
                ),
            )
    return b"".join(pieces)


def _arriving(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes in, so that a server that drips cannot hold us in one read."""
    if response.raw.chunked:
        yield from response.raw.stream(_CHUNK, decode_content=True)
    else:
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            yield piece


def as_ours(error: Exception, request: Request) -> ConcordError:
    """The error of ours for one of `requests` or `urllib3`, by whether the request can have been carried out."""
    match error:
        case foreign.InvalidURL() | foreign.MissingSchema() | foreign.InvalidSchema() | lower.LocationValueError():
            return ConfigurationError("The host of the connection is not a valid address; correct it in Airflow.")
        case foreign.InvalidProxyURL():
            return ConfigurationError("The proxy address is not valid; correct HTTPS_PROXY or leave it out.")
        case foreign.InvalidHeader() | foreign.InvalidJSONError() | foreign.UnrewindableBodyError():
            return RequestError(
                f"{request.method} {request.path} cannot be sent as it is; report this as a defect."
            )
        case foreign.SSLError() | lower.SSLError():
            return ConfigurationError(
                "The server's certificate is not trusted; check the host of the connection, "
                "or set REQUESTS_CA_BUNDLE to the authority that signed it."
            )
    if _was_never_sent(error):
        return NetworkError(
            "The server cannot be reached; check the host and port of the connection, and that the system is up."
        )
    return _lost(
        request,
        NetworkError(
            f"The response to {request.method} {request.path} did not arrive whole ({type(error).__name__}); "
            "it will be requested again."
        ),
    )


def _was_never_sent(error: BaseException) -> bool:
    """Whether the connection itself failed, so that not one byte of the request left."""
    kinds = (
        foreign.ConnectTimeout,
        foreign.ProxyError,
        lower.NewConnectionError,
        lower.ConnectTimeoutError,
        lower.NameResolutionError,
        lower.ProxyError,
        ConnectionRefusedError,
    )
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, kinds) or isinstance(reason, kinds)


def _lost(request: Request, error: ConcordError) -> ConcordError:
    """The same error for a read; an `OutcomeUnknownError` for a write, which may have taken effect."""
    return unknown_outcome(request) if request.is_write else error


def unknown_outcome(request: Request) -> OutcomeUnknownError:
    """The error of a write whose response did not come or cannot be read."""
    return OutcomeUnknownError(
        f"{request.method} {request.path} was sent and no clear response came back; "
        "read the records back before anything is sent again."
    )


def new_session(url: str, connections: int = 4) -> requests.Session:
    """A pool of connections that repeats nothing by itself and takes no login from a .netrc file.

    The proxy and the certificate authorities that the environment names for the address are looked up here,
    once, and not again for every call.
    """
    http = requests.Session()
    found = http.merge_environment_settings(url, {}, None, None, None)
    http.proxies, http.verify = found["proxies"], found["verify"]
    http.trust_env = False
    http.auth = _leave_as_is
    adapter = requests.adapters.HTTPAdapter(pool_connections=connections, pool_maxsize=connections)
    http.mount("http://", adapter)
    http.mount("https://", adapter)
    return http


def _leave_as_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared
