"""The window of changes that a read covers, and how a resource is read: by change stamp, whole, or by worklist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zlib import crc32

from concord.errors import ContractError

NO_END = datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span [start, end) of changes, in UTC; one that ends at `NO_END` has no upper bound."""

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

    @property
    def is_open(self) -> bool:
        """Whether there is no upper bound, so that records come as well whose stamps lie in the future."""
        return self.end >= NO_END

    def __str__(self) -> str:
        return f"[{self.start.astimezone(UTC).isoformat()}, {self.end.astimezone(UTC).isoformat()})"


@dataclass(frozen=True, slots=True)
class ChangedBetween:
    """The vendor lists the records of which the field `field` says that they changed within a window.

    A window begins `overlap` before the end of the one before, for records that show with an earlier stamp than
    others already read. A vendor that does not report deletions gets a `vanish_limit`, a share from 0 to 1: with
    the newest window all keys are listed, and those that vanished become deletions; where more than that share of
    them vanished at once, the batch is refused. None means that no keys are listed: the vendor reports deletions,
    or they are not noticed.

    `volatile` are the fields that the vendor changes without moving the stamp, such as a stock. With the newest
    window they are read of all records, and the records in which one of them moved are read as a whole; deletions
    are then noticed in the same list.

    Where the list of all keys is too long for every night, `list_every` is the number of nights after which it is
    fetched again.
    `whole_every` is the number of nights after which all records are read anew, for fields that the vendor works
    out again without moving the stamp, such as formulas; 0 is never.
    `never_deletes` says that the vendor deletes no such record.
    A backfill reads a long range in windows of one `backfill_step`: a day, week or month, or "all" of it at once.
    """

    field: str
    overlap: timedelta = timedelta(minutes=10)
    vanish_limit: float | None = None
    backfill_step: Literal["day", "week", "month", "all"] = "month"
    list_every: int = 1
    whole_every: int = 0
    volatile: frozenset[str] = frozenset()
    never_deletes: bool = False

    def lists_keys_on(self, day: date, name: str) -> bool:
        """Whether the keys of the resource of this name are listed in the night that ends on this day.

        Resources that are listed every few nights get different nights by their names.
        """
        return self.vanish_limit is not None and (day.toordinal() + crc32(name.encode())) % self.list_every == 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The vendor has no filter by change: every read is the whole collection.

    Keys that vanished become deletions; where more than the share `vanish_limit` of them (0 to 1) vanished at
    once, the batch is refused.
    """

    vanish_limit: float | None = 0.1


@dataclass(frozen=True, slots=True)
class Worklist:
    """The vendor lists nothing: every read asks for the records that `query` finds in the warehouse, by name.

    The query is SQL over the schema `validated`; `%(as_of)s` is the window's end. The extract stage runs it and
    gives its rows, by column, to the reader as `items`. A record that is no longer asked for stays as it was last
    read.

    Which other systems know what to ask for differs by business. `needs` names lists that resources of other
    systems offer (`Resource.offers`), each with a query of the same columns that finds nothing; in `query`
    `{name}` stands for all that the systems in use offer under the name.
    """

    query: str
    items: tuple[Mapping[str, str], ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)

    def over(self, offers: Mapping[str, Sequence[str]]) -> "Worklist":
        """The worklist over what the systems in use offer, by the name of the list."""
        query = self.query
        for name, nothing in self.needs.items():
            query = query.replace(f"{{{name}}}", " union all ".join([*offers.get(name, ()), nothing]))
        return replace(self, query=query, needs={})
