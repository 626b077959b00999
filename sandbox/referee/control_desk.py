"""Reads a sandbox vendor's records through its control desk, which shares no code with Concord's readers."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from concord.errors import NetworkError

Record = Mapping[str, Any]
PAGE_SIZE = 1000
TIMEOUT = 30.0


def read_records(url: str, resource: str) -> Iterator[Record]:
    """All records of one resource, by key; raises NetworkError when the vendor's server gives none."""
    after: str | None = None
    with requests.Session() as session:
        session.trust_env = False
        while True:
            params = {"limit": str(PAGE_SIZE), **({"after": after} if after else {})}
            try:
                response = session.get(f"{url}/__control/records/{resource}", params=params, timeout=TIMEOUT)
                response.raise_for_status()
            except requests.RequestException as error:
                raise NetworkError(f"{url} does not answer.", url=url) from error
            page = response.json()
            yield from page["records"]
            after = page["next"]
            if after is None:
                return
