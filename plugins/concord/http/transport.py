"""One HTTP exchange without second thoughts: bounded in time and size, every foreign error turned into ours.

Where a request may have reached the server and no whole answer came back, a write ends in
`OutcomeUnknownError`; everything else that may pass by itself is a `TransientError`.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import requests
from requests import exceptions as foreign
from urllib3 import exceptions as lower

from concord.errors import ConcordError, ConfigurationError, NetworkError, OutcomeUnknownError, RequestError
from concord.http.patience import Patience

_CHUNK = 1 << 20


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


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers in lower case, and the whole decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(http: requests.Session, request: Request, patience: Patience) -> Reply:
    """Send once and read the whole body."""
    deadline = time.monotonic() + patience.total_seconds
    try:
        with http.request(
            request.method,
            request.url,
            params=request.params,
            data=request.data,
            headers=dict(request.headers),
            timeout=(patience.connect_seconds, patience.read_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read_body(response, request, patience, deadline)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, body)
    except (foreign.RequestException, lower.HTTPError, OSError) as error:
        raise as_ours(error, request) from error


def _read_body(response: requests.Response, request: Request, patience: Patience, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in _arriving(response):
        pieces.append(piece)
        size += len(piece)
        if size > patience.largest_body:
            raise _lost(
                request,
                RequestError(
                    f"The answer to {request.method} {request.path} is larger than "
                    f"{patience.largest_body // 1_048_576} MB; ask for smaller pages.",
                ),
            )
        if time.monotonic() > deadline:
            raise _lost(
                request,
                NetworkError(
                    f"The answer to {request.method} {request.path} took longer than "
                    f"{patience.total_seconds:.0f} s; try again when the vendor is faster."
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
    """Sort a foreign error by whether the request can have been carried out, and what to do then."""
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
            f"The answer to {request.method} {request.path} did not arrive whole ({type(error).__name__}); "
            "it will be asked for again."
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
    """The same trouble for a read; for a write, nobody knows whether it took effect."""
    return unknown_outcome(request) if request.is_write else error


def unknown_outcome(request: Request) -> OutcomeUnknownError:
    """The end of a write whose answer did not come or cannot be read."""
    return OutcomeUnknownError(
        f"{request.method} {request.path} was sent and no clear answer came back; "
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
