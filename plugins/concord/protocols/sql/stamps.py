"""Change stamps: the columns by which a table says when a row changed, in the database's local time.

The hour that comes twice in autumn is ambiguous, so windows of such a table overlap by more than an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol


class Stamp(Protocol):
    """The columns of a change stamp, the most significant first, and how a moment is written in them."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    def write(self, moment: datetime, zone: tzinfo) -> tuple[object, ...]:
        """The values of the columns at this moment; `zone` is the database's time zone."""

    def read(self, values: Sequence[object], zone: tzinfo) -> datetime | None:
        """The moment in UTC that these values of the columns mean, None where they hold none."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One column with date and time; `is_aware` says that it has a time zone."""

    column: str
    is_aware: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)

    def write(self, moment: datetime, zone: tzinfo) -> tuple[object, ...]:
        """The moment as the column takes it."""
        return (moment if self.is_aware else moment.astimezone(zone).replace(tzinfo=None),)

    def read(self, values: Sequence[object], zone: tzinfo) -> datetime | None:
        """The moment in UTC."""
        (value,) = values
        if not isinstance(value, datetime):
            return None
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Digits:
    """Two columns with numbers such as 1261102 and 91431: a date, and a time as HHMMSS.

    The date is CYYMMDD, in which 1 is the century of 2000, or YYYYMMDD where `has_century_digit` is false.
    """

    date: str
    time: str
    has_century_digit: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Date, then time."""
        return (self.date, self.time)

    def write(self, moment: datetime, zone: tzinfo) -> tuple[object, ...]:
        """The second the moment lies in."""
        local = moment.astimezone(zone)
        date = local.year * 10_000 + local.month * 100 + local.day
        time = local.hour * 10_000 + local.minute * 100 + local.second
        return (date - 19_000_000 if self.has_century_digit else date, time)

    def read(self, values: Sequence[object], zone: tzinfo) -> datetime | None:
        """The moment in UTC; zeros, nines and other stand-ins for "never" are none."""
        try:
            date, time = (int(str(value)) for value in values)
            date += 19_000_000 if self.has_century_digit else 0
            local = datetime.strptime(f"{date:08d}{time:06d}", "%Y%m%d%H%M%S")  # noqa: DTZ007  # given a zone below
            return local.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
