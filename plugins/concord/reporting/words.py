"""Numbers, shares, times and names as text; the same on the terminal and on the page."""

from datetime import datetime, timedelta

from concord.reporting.model import Share
from concord.wording import say_things

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
KIBI = 1024


def say_share(share: Share | None) -> str:
    """A share in percent, cut and never rounded up, so that 100 % means every field."""
    if share is None or share.compared == 0:
        return "–"
    if share.agreed == share.compared:
        return "100 %"
    return f"{share.agreed * 10_000 // share.compared / 100:.2f} %"


def say_age(since: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit of which at least one has passed."""
    if since is None:
        return "–"
    seconds = max(0, int((now - since).total_seconds()))
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            return say_things(seconds // size, name)
    return "just now"


def say_time(moment: datetime | None) -> str:
    """A moment in UTC to the minute."""
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def say_bytes(number: int) -> str:
    """A size with one decimal."""
    size = float(number)
    for unit in ("B", "KiB", "MiB"):
        if size < KIBI:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= KIBI
    return f"{size:.1f} GiB"


def say_seconds(span: timedelta) -> str:
    """A span of time in seconds or minutes."""
    seconds = span.total_seconds()
    return f"{seconds:.1f} s" if seconds < MINUTE else f"{int(seconds // MINUTE)} min {int(seconds % MINUTE)} s"


def say_name(name: str) -> str:
    """A column's name as words: postal_code becomes postal code."""
    return name.replace("_", " ")
