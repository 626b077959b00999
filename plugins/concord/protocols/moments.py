"""Moments that a vendor counts in seconds or milliseconds since 1970: how they are read and asked for."""

from datetime import UTC, datetime, timedelta

from concord.contract import Form

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND, MILLISECOND, SECOND = (timedelta(**{unit: 1}) for unit in ("microseconds", "milliseconds", "seconds"))
_MOMENT = """to_char(to_timestamp({{0}}::numeric / {}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def in_milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as a whole number."""
    return (moment - EPOCH) // MILLISECOND


def in_seconds(moment: datetime) -> int:
    """Seconds since 1970, as a whole number."""
    return (moment - EPOCH) // SECOND


def _read(per_second: int) -> Form:
    moment = _MOMENT.format(per_second)
    return Form(f"case when pg_input_is_valid({{0}}, 'numeric') then {moment} else {{0}} end")


FROM_MILLISECONDS, FROM_SECONDS = _read(1000), _read(1)
