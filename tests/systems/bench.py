"""One system under test: its declaration, a session to a running server, a hand on that server, and its facts.

Each system has a module in `benches/` that says how its server is started and what the standard suite needs to
know of it; the tests themselves are the same for all.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from concord.contract import Auth, Field, Resource, System, Window
from concord.protocols.session.client import HttpSession, SessionSettings
from concord.protocols.session.retries import RetryLimits
from concord.protocols.session.token_login import TokenCache, TokenLogin
from concord.protocols.values import Record, decode_record, put_at, value_at
from concord.settings import Connection
from sandbox.launch import Server
from sandbox.world import World
from tests.systems.desk import Desk, Values

RETRY_LIMITS = RetryLimits(first_wait=0.01, longest_wait=0.2, read_seconds=20)
Told = TypeVar("Told")


def told(said: Mapping[str, Told], name: str, where: str) -> Told:
    """What a bench says of a name; a sentence where it says nothing."""
    assert name in said, f"the bench says nothing of {name!r}; add it to {where}"
    return said[name]


@dataclass(frozen=True)
class Habits:
    """How a sandbox vendor names what the suite does to it.

    `collections` maps our resource to the vendor's collection where the names differ; `operations` are patterns
    of the vendor's operation names for read, write and create; `touches` what a person changes in a collection.
    `text_type` is the vendor's name for text, and `field_name` what it calls a field.
    """

    operations: Mapping[str, str]
    login: str = ""
    collections: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[str, Values] = field(default_factory=dict)
    limits: Values = field(default_factory=dict)
    text_type: str = "string"
    field_name: Callable[[Field], str] = lambda item: item.parts[0]


@dataclass
class SandboxDesk(Desk):
    """The control desk of a sandbox vendor; `limits` are set at the start and after each reset."""

    server: Server
    habits: Habits

    def __post_init__(self) -> None:
        self.server.control("keep", {})
        self._limit()

    def _name(self, resource: Resource) -> str:
        return self.habits.collections.get(resource.name, resource.name)

    def count(self, resource: Resource) -> int:
        return int(self.server.control("health")["records"][self._name(resource)])

    def fault(self, kind: str, *, on: str) -> None:
        match = (
            {"path": self.habits.login}
            if on == "login"
            else {"operation": told(self.habits.operations, on, "operations")}
        )
        skip = 1 if kind == "loop" else 0
        fault = (
            {"kind": "status_after", "status": 503, "retry_after": 0} if kind == "busy_after" else {"kind": kind}
        )
        self.server.control("faults", {"match": match, "fault": fault, "skip": skip, "times": 1})

    def cut(self, number: int) -> None:
        self.server.control(
            "faults", {"match": {}, "fault": {"kind": "cut_after"}, "skip": number - 1, "times": 1}
        )

    def has_cut(self) -> bool:
        return bool(self.server.control("faults")[-1]["struck"])

    def shorten(self, value: str) -> None:
        self.server.control("shorten", {"value": value})

    def calls(self) -> int:
        return int(self.server.control("counts")["calls"])

    def moments(self) -> list[float]:
        return [float(entry["at"]) for entry in self.server.control("log")]

    def effects(self, resource: Resource, key: str) -> object:
        records = self.server.control("counts")["records"]
        return records.get(f"{self._name(resource)}/{key}", {}).get("effects", 0)

    def raw(self, resource: Resource, key: str) -> Any:
        return self.server.control(f"records/{self._name(resource)}/one?{urlencode({'id': key})}")

    def fill(self, resource: Resource, key: str, values: Values) -> None:
        record = self.raw(resource, key)
        for path, value in values.items():
            put_at(record, path, value)
        self.server.control("put", {"resource": self._name(resource), "records": [record]})

    def expire_login(self) -> None:
        self.server.control("limits", {"expire_tokens": True})

    def touch(self, resource: Resource, key: str) -> None:
        name = self._name(resource)
        self.server.control(
            "edit", {"resource": name, "id": key, "set": told(self.habits.touches, name, "touches")}
        )

    def delete(self, resource: Resource, key: str) -> None:
        self.server.control("edit", {"resource": self._name(resource), "id": key, "delete": True})

    def give_nothing(self) -> None:
        match = {"operation": told(self.habits.operations, "read", "operations")}
        self.server.control("faults", {"match": match, "fault": {"kind": "empty_page"}, "times": None})

    def put_clock_back(self, seconds: float) -> None:
        self.server.control("clock", {"behind": seconds})

    def damage(self, replaced: Mapping[bytes, bytes]) -> None:
        pairs = [[old.hex(), new.hex()] for old, new in replaced.items()]
        fault = {"kind": "replace", "pairs": pairs}
        self.server.control("faults", {"match": {}, "fault": fault, "times": None})

    def lack(self, resource: Resource, item: Field) -> Resource:
        return self._change_account(resource, lacks=[self.habits.field_name(item)])

    def retype(self, resource: Resource, item: Field) -> Resource:
        return self._change_account(resource, types={self.habits.field_name(item): self.habits.text_type})

    def _change_account(self, resource: Resource, **change: object) -> Resource:
        self.server.control("account", {"collection": self._name(resource), **change})
        return resource

    def reset(self) -> None:
        self.server.control("reset", {"to_kept": True})
        self._limit()

    def _limit(self) -> None:
        if self.habits.limits:
            self.server.control("limits", dict(self.habits.limits))


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


def no_new_record(bench: Bench, session: HttpSession, resource: Resource, number: int) -> dict[str, object]:
    """For systems in which nothing is created."""
    raise AssertionError(f"{resource.name} is created, but its bench does not say with which values")


@dataclass(frozen=True)
class Facts:
    """What the standard suite must know of a system, by resource.

    `first` is the resource that stands for all. `good` and `bad` are values that the vendor takes and refuses
    in an update, `broken` in a creation; `every` holds a good value for every field that may be updated, as far
    as `good` does not, and `apart` are the writes that another test shows, with the reason. `merge` is how a
    person makes one record of two, by resource, and returns the key that lives on. `finished` is what a
    creation must have brought about beside its record. `empty_at_first` are the fields that a fresh world
    leaves empty, with the reason. `unfit` are records that the suite must not change. `read_moment` tells when
    a record of a resource changed, where the change field itself does not say it in ISO or in seconds, and
    `read_value` what a field says where that is not simply at its path. `settles_lost_writes` says that a write
    whose answer was lost is found under a key of its own, or made then, so that it ends confirmed. `is_http` is
    False for a system that gives no HTTP statuses. `few` is how many records of a resource there are at least,
    where that is no more than 20. `dispensable` is a resource with a field that it can be written without, and
    `retyped` are those whose description tells types, if not `first`; `undescribed` are resources of which the
    vendor tells nothing, with the reason. `refused` are words of a server that we did not write, for a `read` of a
    field that it lacks, and by resource for the values of `bad`. `unnamed` are values by path that a person gave a
    record and of which the declaration may know nothing, and `moves` the names that the vendor itself changes with
    a write. `never_deleted` says of a resource whose deletions are not noticed why that does no harm, and
    `whole_lists` of each list inside of a record how it is read to its end. `skips` are tests by name that say
    nothing about this
    system, with the reason.
    """

    open: Callable[[World, Path], AbstractContextManager[Bench]]
    first: str
    good: Mapping[str, Values] = field(default_factory=dict)
    bad: Mapping[str, Values] = field(default_factory=dict)
    broken: Mapping[str, Values] = field(default_factory=dict)
    every: Mapping[str, Values] = field(default_factory=dict)
    apart: Mapping[tuple[str, str], str] = field(default_factory=dict)
    merge: Mapping[str, Callable[[Bench, str, str], str]] = field(default_factory=dict)
    finished: Mapping[str, Values] = field(default_factory=dict)
    new_record: Callable[[Bench, HttpSession, Resource, int], dict[str, object]] = no_new_record
    empty_at_first: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unfit: Callable[[Record], bool] = lambda record: False
    absent_key: Callable[[str], str] = lambda key: f"{key[:-1]}9999999"
    read_moment: Callable[[Resource, Record], datetime] | None = None
    read_value: Callable[[Field, Any], object] = lambda field, value: value
    settles_lost_writes: bool = False
    is_http: bool = True
    few: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    unnamed: Mapping[str, Values] = field(default_factory=dict)
    moves: frozenset[str] = frozenset()
    never_deleted: Mapping[str, str] = field(default_factory=dict)
    whole_lists: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dispensable: str = ""
    undescribed: Mapping[str, str] = field(default_factory=dict)
    retyped: tuple[str, ...] = ()
    skips: Mapping[str, str] = field(default_factory=dict)


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
    field = resource.field(resource.key)
    return [str(value_at(record, field)) for record in records]


def by_key(resource: Resource, records: list[Record]) -> Mapping[str, Record]:
    return dict(zip(keys_of(resource, records), records, strict=True))


def filled(fields: tuple[Field, ...], records: list[Record]) -> set[str]:
    """The fields of which at least one record has a value."""
    return {item.name for item in fields if any(value_at(record, item) is not None for record in records)}
