"""Fetches a file from the address a vendor gave, which may lie on a host that must not see our credentials.

The address comes from a response, so it is not trusted: it leads to one of the hosts that the vendor's reader
declares, and never to an address of this machine or its network.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
from requests import exceptions as foreign
from urllib3 import exceptions as lower

from concord.contract import Session
from concord.errors import NetworkError, RequestError, ServerError
from concord.protocols.session.outside import call_outside_only
from concord.protocols.session.retries import RetryLimits
from concord.protocols.session.transport import Request, as_ours, new_session

_CHUNK = 1 << 16
_LONGEST_SECONDS = 1800.0
_HEADERS = {"User-Agent": "concord", "Accept-Encoding": "gzip, deflate"}
_HOSTS_OPTION = "file_hosts"


@dataclass(frozen=True, slots=True)
class FileRules:
    """What a file may be: the hosts it may lie on (with all below them), and its bytes.

    `size` is the unpacked size that the vendor announces, None where it announces none; `largest` bounds a file of
    unannounced size, `ratio` how many times as large as received it may become by unpacking.
    """

    hosts: frozenset[str]
    size: int | None = None
    largest: int = 8 << 30
    ratio: int = 100

    def bound(self, received: int) -> int:
        """The most unpacked bytes that are believed after so many were received."""
        if self.size is not None:
            return self.size
        return min(self.largest, self.ratio * received + (1 << 20))


def download(session: Session, url: str, into: BinaryIO, rules: FileRules) -> int:
    """Write the file behind the address to `into` and return its bytes; the session gives only its rate limit.

    A `RequestError` says that the address is none that is allowed, or that the file is larger than it may be.
    """
    request = Request("GET", url, urlsplit(url).path, _HEADERS)
    if urlsplit(session.connection.url).scheme == "https" and urlsplit(url).scheme != "https":
        raise RequestError(f"The file {request.path} would come without encryption; it was not fetched.")
    is_outside = _check_host(session, url, rules.hosts)
    session.wait_for_rate_limit()
    retry_limits = RetryLimits()
    with new_session(url) as http:
        if is_outside:
            call_outside_only(http)
        try:
            with http.get(
                url,
                headers=_HEADERS,
                timeout=(retry_limits.connect_seconds, retry_limits.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                _check(response, request)
                return _copy(response, request, into, rules)
        except (foreign.RequestException, lower.HTTPError, OSError) as error:
            raise as_ours(error, request) from error


def _check_host(session: Session, url: str, hosts: frozenset[str]) -> bool:
    """Whether the host must lie outside, which one that the connection's extra field `file_hosts` names need not.

    Raises for a host that neither the reader declares nor that field names.
    """
    try:
        host, _ = (urlsplit(url).hostname or "").rstrip("."), urlsplit(url).port
    except ValueError:
        host = ""
    if host and host in str(session.connection.extra.get(_HOSTS_OPTION, "")).replace(",", " ").split():
        return False
    if not any(host == known or host.endswith(f".{known}") for known in hosts):
        raise RequestError(
            f"The vendor names a file on {host or 'no host'}, which is none of its own hosts "
            f"({', '.join(sorted(hosts))}); nothing was fetched. If it is right, name it in the extra field "
            f'{_HOSTS_OPTION} of connection "{session.connection.name}".',
            host=host,
        )
    return True


def _check(response: requests.Response, request: Request) -> None:
    if response.status_code >= 500 or response.status_code == 429:
        raise ServerError(f"The file {request.path} cannot be had now (status {response.status_code}).")
    if response.status_code != 200:
        raise RequestError(
            f"The file {request.path} is refused (status {response.status_code}); its address may have "
            "expired, so run the task again.",
            status=response.status_code,
        )


def _copy(response: requests.Response, request: Request, into: BinaryIO, rules: FileRules) -> int:
    size, deadline = 0, time.monotonic() + _LONGEST_SECONDS
    for piece in response.raw.stream(_CHUNK, decode_content=True):
        size += len(piece)
        if size > rules.bound(response.raw.tell()):
            raise RequestError(
                f"The file {request.path} is larger than it may be ({size} bytes, unpacked from "
                f"{response.raw.tell()}); nothing of it was used."
            )
        into.write(piece)
        if time.monotonic() > deadline:
            raise NetworkError(f"The file {request.path} took longer than {_LONGEST_SECONDS:.0f} s to arrive.")
    return size


def read_lines(file: BinaryIO, longest: int = 16 << 20) -> Iterator[bytes]:
    """The lines of a file from its beginning; a `RequestError` where one has more than `longest` bytes."""
    file.seek(0)
    while line := file.readline(longest + 1):
        if len(line) > longest:
            raise RequestError(f"A line of the file is longer than {longest >> 20} MB; nothing of it was used.")
        yield line
