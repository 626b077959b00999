"""One system under test: its declaration, a session to a running server, a hand on that server, and its facts.

Each system has a module in `benches/` that says how its server is started and what the standard suite needs to
know of it; the tests themselves are the same for all.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from concord.contract import Auth, Resource, System, Window
from concord.fields import Field
from concord.http.client import HttpSession, Ways
from concord.http.guards import Record, decode_record, value_at
from concord.http.patience import Patience
from concord.settings import Connection
from sandbox.launch import Server
from sandbox.world import World

PATIENCE = Patience(first_wait=0.01, longest_wait=0.2, read_seconds=20)
Values = Mapping[str, object]
Told = TypeVar("Told")


def told(said: Mapping[str, Told], name: str, where: str) -> Told:
    """What a bench says of a name; a sentence where it says nothing."""
    assert name in said, f"the bench says nothing of {name!r}; add it to {where}"
    return said[name]


class Desk:
    """What a test may do to a vendor behind the product's back."""

    def count(self, resource: Resource) -> int:
        raise NotImplementedError

    def fault(self, kind: str, *, on: str) -> None:
        """One fault at the next call that does `on`: read, write, create or login."""
        raise NotImplementedError

    def calls(self) -> int:
        raise NotImplementedError

    def moments(self) -> list[float]:
        """When each call arrived, in seconds."""
        raise NotImplementedError

    def effects(self, resource: Resource, key: str) -> object:
        """Something that changes whenever the record is written."""
        raise NotImplementedError

    def expire_login(self) -> None:
        raise NotImplementedError

    def touch(self, resource: Resource, key: str) -> None:
        """Somebody edits the record."""
        raise NotImplementedError

    def delete(self, resource: Resource, key: str) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Habits:
    """How a sandbox vendor names what the suite does to it.

    `collections` maps our resource to the vendor's collection where the names differ; `operations` are patterns
    of the vendor's operation names for read, write and create; `touches` what a person changes in a collection.
    """

    operations: Mapping[str, str]
    login: str = ""
    collections: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[str, Values] = field(default_factory=dict)
    limits: Values = field(default_factory=dict)


@dataclass
class SandboxDesk(Desk):
    """The control desk of a sandbox vendor; `limits` are set at the start and after each reset."""

    server: Server
    habits: Habits

    def __post_init__(self) -> None:
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
        self.server.control("faults", {"match": match, "fault": {"kind": kind}, "skip": skip, "times": 1})

    def calls(self) -> int:
        return int(self.server.control("counts")["calls"])

    def moments(self) -> list[float]:
        return [float(entry["at"]) for entry in self.server.control("log")]

    def effects(self, resource: Resource, key: str) -> object:
        records = self.server.control("counts")["records"]
        return records.get(f"{self._name(resource)}/{key}", {}).get("effects", 0)

    def expire_login(self) -> None:
        self.server.control("limits", {"expire_tokens": True})

    def touch(self, resource: Resource, key: str) -> None:
        name = self._name(resource)
        self.server.control(
            "edit", {"resource": name, "id": key, "set": told(self.habits.touches, name, "touches")}
        )

    def delete(self, resource: Resource, key: str) -> None:
        self.server.control("edit", {"resource": self._name(resource), "id": key, "delete": True})

    def reset(self) -> None:
        self.server.control("reset", {})
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
    new_auth: Callable[[], Auth]

    def session(self, *, password: str | None = None, patience: Patience = PATIENCE) -> HttpSession:
        """A session with a login of its own, so that tests do not share a token."""
        connection = self.connection if password is None else replace(self.connection, password=password)
        return HttpSession(connection, self.new_auth(), Ways(self.system.manners, patience))


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
    whose answer was lost is found under a key of its own, or made then, so that it ends confirmed. `few` is how
    many records of a resource there are at least, where that is no more than 20. `skips` are tests by name that
    say nothing about this system, with the reason.
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
    few: Mapping[str, int] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)


def read_all(
    session: HttpSession, resource: Resource, window: Window | None = None, *, size: int | None = None
) -> list[Record]:
    """The records of a window as Python values, by pages of `size`."""
    reader: Any = resource.read
    if size is not None and hasattr(reader, "size"):
        reader = replace(reader, size=size)
    return [decode_record(resource, raw) for page in reader.read_window(session, resource, window) for raw in page]


def keys_of(resource: Resource, records: list[Record]) -> list[str]:
    field = resource.field(resource.key)
    return [str(value_at(record, field)) for record in records]


def by_key(resource: Resource, records: list[Record]) -> Mapping[str, Record]:
    return dict(zip(keys_of(resource, records), records, strict=True))


def filled(fields: tuple[Field, ...], records: list[Record]) -> set[str]:
    """The fields of which at least one record has a value."""
    return {item.name for item in fields if any(value_at(record, item) is not None for record in records)}
