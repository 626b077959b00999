"""Fetches a file from the address a vendor gave, which may lie on a host that must not see our credentials."""

import time
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
from requests import exceptions as foreign
from urllib3 import exceptions as lower

from concord.contract import Session
from concord.errors import NetworkError, RequestError, ServerError
from concord.http.patience import Patience
from concord.http.transport import Request, as_ours, new_session

_CHUNK = 1 << 20
_LONGEST_SECONDS = 1800.0
_HEADERS = {"User-Agent": "concord", "Accept-Encoding": "gzip, deflate"}


def download(session: Session, url: str, into: BinaryIO) -> int:
    """Write the file behind the address and tell its size; nothing of the session but its turn goes along."""
    request = Request("GET", url, urlsplit(url).path, _HEADERS)
    if urlsplit(session.connection.url).scheme == "https" and urlsplit(url).scheme != "https":
        raise RequestError(f"The file {request.path} is offered without encryption; it was not fetched.")
    session.take_turn()
    patience = Patience()
    with new_session(url) as http:
        try:
            with http.get(
                url,
                headers=_HEADERS,
                timeout=(patience.connect_seconds, patience.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                _check(response, request)
                return _copy(response, request, into)
        except (foreign.RequestException, lower.HTTPError, OSError) as error:
            raise as_ours(error, request) from error


def _check(response: requests.Response, request: Request) -> None:
    if response.status_code >= 500 or response.status_code == 429:
        raise ServerError(f"The file {request.path} cannot be had now (status {response.status_code}).")
    if response.status_code != 200:
        raise RequestError(
            f"The file {request.path} is not handed out (status {response.status_code}); its address may have "
            "expired, so run the task again.",
            status=response.status_code,
        )


def _copy(response: requests.Response, request: Request, into: BinaryIO) -> int:
    size, deadline = 0, time.monotonic() + _LONGEST_SECONDS
    for piece in response.raw.stream(_CHUNK, decode_content=True):
        size += into.write(piece)
        if time.monotonic() > deadline:
            raise NetworkError(f"The file {request.path} took longer than {_LONGEST_SECONDS:.0f} s to arrive.")
    return size
