"""What only Stripe can tell of a key: whether it may read events, and whether its data is real.

https://docs.stripe.com/api/events/list
"""

from collections.abc import Iterator

import msgspec

from concord.contract import AccountChecks, Finding, Level, Session, System
from concord.protocols.reading import ask

_EVENTS = "/v1/events"


class _Event(msgspec.Struct):
    livemode: bool | None = None


class _Events(msgspec.Struct):
    data: list[_Event]


_events = msgspec.json.Decoder(_Events)


class ReadableEvents:
    """Whether the key may read events, by which changes are noticed, and whether they are of real payments."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """Findings from one event; raises where the key may not read them."""
        found = ask(session, _events, "GET", _EVENTS, params={"limit": "1"}).data
        yield Finding(Level.OK, "permissions", "The key may read events, by which changes are noticed.")
        if found and found[0].livemode is False:
            sentence = (
                "The key reads test data and no real payments; enter a live key before the first night counts."
            )
            yield Finding(Level.NOTE, "data", sentence)
        elif found and found[0].livemode:
            yield Finding(Level.OK, "data", "The key reads live data.")


ACCOUNT = AccountChecks(
    login_help="The password is a secret or restricted key of the account; one that was replaced is not taken any "
    "more.",
    refused_help="Give the restricted key the permission to read this.",
    checks=(("permissions", ReadableEvents()),),
)
