"""Times in OData: `/Date(ms)/` of V2, ISO text of V4, and a day and a time in two fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from concord.contract import Form, Session, Window
from concord.protocols.odata.service import Version, write_literal

_TICKS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d+)?\)/")
_SPAN = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# SQL for psycopg's `format`: braces are doubled. What is not in the vendor's form stays as it is, and shows.
_TICKS_IN = "substring({0} from '[(](-?[0-9]+)')::numeric"
_IS_TICKS = (
    "({0} ~ '^/Date[(]-?[0-9]{{1,15}}([+-][0-9]+)?[)]/$' "
    f"and {_TICKS_IN} between -62135596800000 and 253402300799999)"  # the years 1 to 9999
)
_TICKS_OF = f"to_timestamp({_TICKS_IN} / 1000) at time zone 'UTC'"
_ISO = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""


def read_moment(text: object) -> datetime | None:
    """A moment in either version's form, None for what is none; V2's ticks are UTC whatever offset is shown."""
    ticks = _TICKS.fullmatch(str(text or ""))
    try:
        if ticks:
            return _EPOCH + timedelta(milliseconds=int(ticks[1]))
        moment = datetime.fromisoformat(str(text))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_span(text: object) -> timedelta:
    """The time of a day as V2 writes it, `PT11H22M33S`; no time for nothing, a `ValueError` for anything else."""
    if text in (None, ""):
        return timedelta()
    found = _SPAN.fullmatch(str(text))
    if found is None:
        raise ValueError("it is no time of a day")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def write_ticks(value: object) -> str:
    """A day or a moment as V2 takes it."""
    moment = datetime.fromisoformat(str(value))
    whole = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return f"/Date({whole // timedelta(milliseconds=1)})/"


AS_TICKS = Form(
    sql=f"case when {_IS_TICKS} then to_char({_TICKS_OF}, {_ISO}) else {{0}} end",
    encode=write_ticks,
)
AS_TICKS_DAY = Form(
    sql=f"case when {_IS_TICKS} then to_char({_TICKS_OF}, 'YYYY-MM-DD') else {{0}} end",
    encode=write_ticks,
)


@dataclass(frozen=True, slots=True)
class ChangedAt:
    """A property that holds the moment of the last change."""

    stamp: str

    def condition(self, session: Session, version: Version, window: Window) -> str:
        """The filter for the window."""
        since = f"{self.stamp} ge {write_literal(version, window.start)}"
        return since if window.is_open else f"{since} and {self.stamp} lt {write_literal(version, window.end)}"


@dataclass(frozen=True, slots=True)
class ChangedOn:
    """A day and a time in two fields, empty for what was never changed: then those of the creation count.

    The server filters by whole days, one more on either side; the moment is compared here. The time of day is that
    of `zone`, or of the connection's `time_zone`; the form of the field that shows the moment uses `zone`.
    """

    day: str
    time: str
    first_day: str
    first_time: str
    zone: str = "UTC"

    def condition(self, session: Session, version: Version, window: Window) -> str:
        """The filter for the days that the window touches."""
        zone = self._zone(session)
        start = write_literal(version, _shifted(window.start.astimezone(zone).date(), -1))
        end = write_literal(version, _shifted(window.end.astimezone(zone).date(), 1))
        changed, created = (f"{day} ge {start} and {day} le {end}" for day in (self.day, self.first_day))
        return f"({changed}) or ({created})"

    def holds(self, session: Session, window: Window, record: Mapping[str, Any]) -> bool:
        """Whether the record changed within the window; one whose day or time cannot be read is kept.

        Validation then sees it, and sets it aside.
        """
        moment = self.moment(record, self._zone(session))
        return moment is None or window.start <= moment < window.end

    def moment(self, record: Mapping[str, Any], zone: ZoneInfo | None = None) -> datetime | None:
        """When the record changed, or was created; None where neither is said, or what is said cannot be read."""
        pairs = ((self.day, self.time), (self.first_day, self.first_time))
        day, clock = next((pair for pair in pairs if record.get(pair[0]) not in (None, "")), pairs[-1])
        midnight = read_moment(record.get(day))
        if midnight is None:
            return None
        try:
            local = datetime.combine(midnight.date(), time()) + read_span(record.get(clock))
            return local.replace(tzinfo=zone or ZoneInfo(self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def form(self, *, time: str, first_day: str, first_time: str) -> Form:
        """The form of the field at `day` that shows the moment; the names are those of our other fields."""
        changed, created = _joined("{0}", time), _joined(first_day, first_time)
        shown = f"to_char(coalesce({changed}, {created}) at time zone '{self.zone}' at time zone 'UTC', {_ISO})"
        is_span = f"pg_input_is_valid({time}, 'interval')"
        is_other = f"{{0}} <> '' and (({_IS_TICKS}) is not true or ({time} <> '' and not {is_span}))"
        return Form(sql=f"case when {is_other} then {{0}} else {shown} end")

    def _zone(self, session: Session) -> ZoneInfo:
        return session.connection.zone(self.zone)


def _joined(day: str, clock: str) -> str:
    """Day and time of day as one SQL timestamp, null where there is no day."""
    span = f"coalesce(case when pg_input_is_valid({clock}, 'interval') then {clock}::interval end, '0 s')"
    ticks, test = (part.replace("{0}", day) for part in (_TICKS_OF, _IS_TICKS))
    return f"(case when {test} then {ticks} end + {span})"


def _shifted(day: date, days: int) -> date:
    return day + timedelta(days=days)
