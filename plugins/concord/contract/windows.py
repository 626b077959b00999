"""What a read covers, and how a vendor tells what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from concord.errors import ContractError


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
