"""How far a server's clock is behind ours, from the moments that it names in its responses."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECOND = timedelta(seconds=1)


class ServerClock:
    """What is known of one server's clock; `behind` is None before the first measurement.

    Of several measurements the one counts by which the clock is farthest behind, for what one of several servers
    has not written yet must be read later.
    """

    def __init__(self) -> None:
        self.behind: timedelta | None = None

    def note(self, said: datetime, *, sent: datetime, received: datetime, exact_to: timedelta) -> None:
        """Note what the clock said between two moments of ours, cut to `exact_to`.

        The difference is the least that explains it, so that a slow response is no difference.
        """
        least, most = sent - said - exact_to, received - said
        behind = max(least, timedelta(0)) if most >= timedelta(0) else most
        self.behind = behind if self.behind is None else max(self.behind, behind)

    def note_headers(self, headers: Mapping[str, str], *, sent: datetime) -> None:
        """Note the `Date` of a response that has just come; one from a cache says nothing."""
        if headers.get("age", "0").strip() not in ("", "0"):
            return
        try:
            said = parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError):
            return
        said = said if said.tzinfo else said.replace(tzinfo=UTC)
        self.note(said, sent=sent, received=datetime.now(UTC), exact_to=_SECOND)
