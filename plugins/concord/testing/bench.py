"""One system under test: its declaration, a session to a running server, and a hand on that server."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from concord.contract import Auth, Field, Resource, System, Window
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.protocols.session.token_login import TokenLogin
from concord.protocols.session.tokens import TokenCache
from concord.protocols.values import Record, decode_record, value_at
from concord.settings import Connection
from concord.testing.desk import Desk

RETRY_LIMITS = RetryLimits(first_wait=0.01, longest_wait=0.2, read_seconds=20)
Told = TypeVar("Told")


def told(said: Mapping[str, Told], name: str, where: str) -> Told:
    """What a bench says of a name; a sentence where it says nothing."""
    assert name in said, f"the bench says nothing of {name!r}; add it to {where}"
    return said[name]


@dataclass
class Bench:
    """A system with a server of its own that runs."""

    system: System
    connection: Connection
    desk: Desk

    def new_auth(self) -> Auth:
        """The declared login, without a token that another test was given."""
        login = copy(self.system.auth)
        if isinstance(login, TokenLogin):
            login.cache = TokenCache()
        return login

    def session(self, *, password: str | None = None, retry_limits: RetryLimits = RETRY_LIMITS) -> HttpSession:
        """A session with a login of its own, so that tests do not share a token."""
        connection = self.connection if password is None else replace(self.connection, password=password)
        return HttpSession(connection, self.new_auth(), SessionSettings(self.system.rules, retry_limits))


def with_page_size(reader: Any, size: int) -> Any:
    """The same reader with pages of that size, where a size can be declared."""
    if hasattr(reader, "pages"):
        return replace(reader, pages=replace(reader.pages, size=size))
    return replace(reader, size=size) if hasattr(reader, "size") else reader


def read_all(
    session: HttpSession, resource: Resource, window: Window | None = None, *, size: int | None = None
) -> list[Record]:
    """The records of a window as Python values, by pages of `size`."""
    reader = resource.read if size is None else with_page_size(resource.read, size)
    return [decode_record(resource, raw) for page in reader.read_window(session, resource, window) for raw in page]


def keys_of(resource: Resource, records: list[Record]) -> list[str]:
    """The keys of the records, in their order."""
    field = resource.field(resource.key)
    return [str(value_at(record, field)) for record in records]


def by_key(resource: Resource, records: list[Record]) -> Mapping[str, Record]:
    """The records by their keys."""
    return dict(zip(keys_of(resource, records), records, strict=True))


def filled(fields: tuple[Field, ...], records: list[Record]) -> set[str]:
    """The fields of which at least one record has a value."""
    return {item.name for item in fields if any(value_at(record, item) is not None for record in records)}
