"""One collection of a system: how it is read and written, and what its records hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from concord.contract.changes import Change, Outcome
from concord.contract.sessions import Session
from concord.contract.windows import ChangedBetween, Snapshot, Window, Worklist
from concord.errors import ContractError
from concord.fields import Field

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
