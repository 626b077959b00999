"""The hours in which a database may be queried: the batch window of its connection, in its own time zone."""

import re
from datetime import datetime, timedelta

from concord.contract import Session
from concord.errors import ConfigurationError, RateLimitError

_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
ALWAYS = "00:00-24:00"


def require_open(session: Session) -> None:
    """Raise a `RateLimitError` with the seconds to wait outside of the connection's `batch_window`."""
    span = session.option("batch_window", ALWAYS)
    seconds = seconds_until_open(span, datetime.now(session.connection.zone()))
    if seconds:
        raise RateLimitError(
            f'The database of connection "{session.connection.name}" may be queried from '
            f"{span.replace('-', ' to ')} only; the task runs again by itself.",
            retry_after=seconds,
            connection=session.connection.name,
        )


def seconds_until_open(span: str, now: datetime) -> float:
    """How long until the hours begin, 0 within them; a span may run over midnight."""
    match = _SPAN.fullmatch(span.replace(" ", ""))
    if match is None:
        raise ConfigurationError(f"The batch_window {span!r} is no span of hours; write it as 22:00-05:00.")
    hour, minute, last_hour, last_minute = (int(part) for part in match.groups())
    opens, closes = timedelta(hours=hour, minutes=minute), timedelta(hours=last_hour, minutes=last_minute)
    clock = timedelta(hours=now.hour, minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    is_open = opens <= clock < closes if opens < closes else clock >= opens or clock < closes
    return 0.0 if is_open else ((opens - clock) % timedelta(days=1)).total_seconds()
