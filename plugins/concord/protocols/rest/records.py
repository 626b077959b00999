"""Where one record of a REST service lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from concord.contract import Session
from concord.errors import ContractError, RequestError
from concord.protocols.paging.bodies import decoder_of
from concord.protocols.reading import ask_with_headers

KEY = "{key}"
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def check_path(path: str) -> None:
    """Refuse the path of a record that has no place for its key."""
    if KEY not in path:
        raise ContractError(f"The path {path!r} is that of one record; write {KEY} where its key goes.")


def address_of(template: str, key: str) -> str:
    """The path of one record; a key that is an address stays as it is."""
    return key if template == KEY else template.replace(KEY, quote(key, safe=""))


def whole_address(session: Session, path: str) -> str:
    """The address of a path at the connection's host; one that is whole stays as it is."""
    return path if "://" in path else f"{session.connection.url.rstrip('/')}/{path.lstrip('/')}"


@dataclass(frozen=True, slots=True)
class SingleRecord:
    """A record is read by `GET path`, which holds `{key}`, alone where the key is the record's address.

    `record` is the dotted path of the record in the body, empty where the body is the record.
    """

    path: str
    record: str = ""

    def __post_init__(self) -> None:
        check_path(self.path)

    def read(self, session: Session, key: str) -> tuple[msgspec.Raw | None, Mapping[str, str]]:
        """The record and the headers it came with; None and no headers where it is gone."""
        decode = decoder_of(self.record, kind=msgspec.Raw)
        try:
            body, headers = ask_with_headers(session, decode, "GET", address_of(self.path, key))
        except RequestError as error:
            if error.facts.get("status") in GONE:
                return None, {}
            raise
        return body.found, headers
