"""The vocabulary in which a system is declared; a wrong declaration is refused when it is built."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from concord.errors import ContractError
from concord.fields import Field
from concord.settings import Connection


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span [start, end) of changes, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ContractError("A window needs times with a zone; give both ends in UTC.")
        if self.start >= self.end:
            raise ContractError(
                f"The window {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} is empty; "
                "its start must lie before its end."
            )

    def __str__(self) -> str:
        return f"[{self.start.astimezone(UTC).isoformat()}, {self.end.astimezone(UTC).isoformat()})"


@dataclass(frozen=True, slots=True)
class ChangedBetween:
    """The vendor filters by a change stamp; `overlap` is re-read because stamps appear late.

    A vendor that does not report deletions gets a `vanish_limit`: with the newest window all keys are listed,
    and those that vanished become deletions unless more than this share of them went at once.
    """

    field: str
    overlap: timedelta = timedelta(minutes=10)
    vanish_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The vendor has no change filter: every read is the whole collection as of the window's end.

    Keys that vanished become deletions unless more than `vanish_limit` (a share) of them went at once.
    """

    vanish_limit: float | None = 0.1


@dataclass(frozen=True, slots=True)
class Worklist:
    """The vendor lists nothing and must be asked by name: every read asks for what `query` finds in the warehouse.

    The query is SQL over `validated`; `%(as_of)s` is the window's end. The stage that reads runs it and hands its
    rows, by column, to the reader as `items`. A record that is no longer asked for stays as it was last told.
    """

    query: str
    items: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One planned write: `before` and `after` in our names; `key` is None for a create."""

    change_id: str
    key: str | None
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    guard: Mapping[str, object]


class End(StrEnum):
    """The ends a sent change can come to, and `HELD` for one that was not sent."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CONFLICTED = "conflicted"
    UNKNOWN = "unknown"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target made of one change; `key` is the vendor's id, `message` one masked sentence."""

    change_id: str
    end: End
    key: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent back; header names are in lower case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    status: int = 200


class Session(Protocol):
    """An authenticated, paced, retrying way to one system's server; bodies are raw bytes.

    Raises the transient, permanent and outcome errors of `concord.errors`, and nothing else.
    `is_write=True` forbids a second attempt after the request may have reached the server. `login` is a
    call without credentials, for those who fetch them; `pause` waits and keeps account of it. What speaks
    no HTTP (a file, a database) takes the address from `connection` and its turn by `take_turn`.
    """

    connection: Connection

    def fetch(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> Answer:
        """Send one request and return the successful answer with its headers."""

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object | None = None,
        is_write: bool = False,
    ) -> bytes:
        """Send one request and return the body of a successful answer."""

    def login(self, path: str, *, form: Mapping[str, str] | None = None, body: object | None = None) -> bytes:
        """Send one request without credentials and return its body."""

    def with_headers(self, headers: Mapping[str, str]) -> "Session":
        """The same session; its calls carry these headers as well, and before our own of the same name."""

    def pause(self, seconds: float) -> None:
        """Wait, and keep account of it."""

    def take_turn(self) -> None:
        """Wait for the pace that all workers of the system share, and book one call."""

    def option(self, key: str, default: str | None = None) -> str:
        """An entry of the connection's extra fields; `ConfigurationError` where it lacks and has no default."""


Page = list[msgspec.Raw]


class Reader(Protocol):
    """How one protocol lists records; a page is the verbatim JSON of its records. No window: all there are."""

    def read_window(self, session: Session, resource: "Resource", window: Window | None) -> Iterator[Page]:
        """Pages of the records changed in the window."""

    def read_matching(
        self, session: Session, resource: "Resource", name: str, values: Sequence[str]
    ) -> Iterator[Page]:
        """Pages of the records whose field of ours `name` has one of the values."""


class Writer(Protocol):
    """How one protocol writes; one outcome per change, in any order. `size` is records per call."""

    @property
    def size(self) -> int:
        """Records per call."""

    def write(self, session: Session, resource: "Resource", changes: Sequence[Change]) -> list[Outcome]:
        """Send the changes and say what the target made of each."""


@dataclass(frozen=True, slots=True)
class Writes:
    """What may be written back, and how a change is guarded and found again.

    `guard` is the field whose value must still be what the plan saw. `find_by` is the field by which a
    create whose answer was lost is looked up before anything is sent again.
    """

    writer: Writer
    update: frozenset[str] = frozenset()
    create: frozenset[str] = frozenset()
    guard: str = ""
    find_by: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection of a system: how it is read, what its records hold, what may be written back."""

    name: str
    read: Reader
    key: str
    fields: tuple[Field, ...]
    changes: ChangedBetween | Snapshot | Worklist
    deleted: str = ""
    writes: Writes | None = None

    def __post_init__(self) -> None:
        names = [item.name for item in self.fields]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ContractError(f"Resource {self.name} declares {', '.join(doubled)} twice; keep one of each.")
        for purpose, name in self._named():
            if name not in names:
                raise ContractError(
                    f"Resource {self.name} names {name!r} as its {purpose}, but has no such field; declare it."
                )
        if not self.field(self.key).required:
            raise ContractError(f"The key {self.key!r} of {self.name} must be declared required.")

    def _named(self) -> Iterator[tuple[str, str]]:
        yield "key", self.key
        if isinstance(self.changes, ChangedBetween):
            yield "change field", self.changes.field
        if self.deleted:
            yield "deletion field", self.deleted
        if self.writes is not None:
            for name in sorted(self.writes.update | self.writes.create):
                yield "written field", name
            for name in (self.writes.guard, self.writes.find_by):
                if name:
                    yield "guard or look-up field", name

    def field(self, name: str) -> Field:
        """The field of that name; `KeyError` where there is none."""
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def modified(self) -> str | None:
        """The name of the change field, None where the vendor has none."""
        return self.changes.field if isinstance(self.changes, ChangedBetween) else None


class Auth(Protocol):
    """How a session proves who it is; `refresh` is told which headers the server no longer believes."""

    def headers(self, session: Session) -> Mapping[str, str]:
        """The headers that authenticate a request, logging in first where that is due."""

    def refresh(self, session: Session, rejected: Mapping[str, str]) -> None:
        """Forget what we logged in with; the next `headers` logs in anew."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A system's budget shared by all workers: calls per second on average, and at once."""

    per_second: float
    burst: int = 1
    concurrency: int = 2


@dataclass(frozen=True, slots=True)
class Manners:
    """How a vendor says some things its own way.

    `limit_codes` mean "too many calls" under any status, `lock_codes` "somebody is at this record"; `limit_waits`
    are names of limits, `busy_waits` statuses of "not now, nothing was done", with the seconds to wait. `headers`
    go with every call; `version_header` names what answered, `retry_header` says if another attempt may help. An
    error answer that holds `fault_mark` is how the protocol itself refuses, and goes to whoever reads it.
    """

    limit_codes: frozenset[str] = frozenset()
    version_header: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    limit_waits: Mapping[str, float] = field(default_factory=dict)
    busy_waits: Mapping[int, float] = field(default_factory=dict)
    lock_codes: frozenset[str] = frozenset()
    retry_header: str = ""
    fault_mark: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """One vendor application: where it is, how to log in, its limits, its resources in the order of writing."""

    name: str
    title: str
    connection: str
    auth: Auth
    pace: Pace
    resources: tuple[Resource, ...]
    owns: str = ""
    api_version: str = ""
    api_version_ends: str = ""
    manners: Manners = Manners()

    def __post_init__(self) -> None:
        names = [item.name for item in self.resources]
        if len(set(names)) != len(names):
            raise ContractError(f"System {self.name} declares a resource twice; keep one of each.")
        try:
            self.version_end()
        except ValueError as error:
            raise ContractError(f"System {self.name}: write api_version_ends as YYYY-MM-DD.") from error

    @property
    def is_read_last(self) -> bool:
        """Whether what it is asked for is worked out from what the others said."""
        return any(isinstance(resource.changes, Worklist) for resource in self.resources)

    def version_end(self) -> date | None:
        """The last day of the API version, None where the vendor has not named one."""
        return date.fromisoformat(self.api_version_ends) if self.api_version_ends else None

    def resource(self, name: str) -> Resource:
        """The resource of that name, or a sentence that lists those there are."""
        for item in self.resources:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.resources)
        raise ContractError(f"System {self.name} has no resource {name!r}; it has {known}.")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one extract landed together: which resource of which system, under which id."""

    system: System
    resource: Resource
    batch_id: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Records asked for by the values of one field, on behalf of the plan or change named by `reference`."""

    name: str
    values: Sequence[str]
    reference: str
