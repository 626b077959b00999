"""What only FedEx can tell of a project: whether it may track, and how many calls a day it has for a night.

https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html
"""

from collections.abc import Iterator

from concord.contract import AccountChecks, Finding, Level, Session, System
from concord.settings import read_calls_per_day
from concord.systems.fedex.tracking import FedExTracking

# The vendor's pages contradict each other: the page of the catalogue, and the guide to quotas.
_CATALOGUE, _GUIDE = 10_000, 100_000
_UNKNOWN_NUMBER = "000000000000"


class MayTrack:
    """Whether the project may use the calls for tracking, which an empty worklist would not tell."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A finding from a call about a number that no parcel has; raises where the call is refused."""
        body = {
            "includeDetailedScans": False,
            "trackingInfo": [{"trackingNumberInfo": {"trackingNumber": _UNKNOWN_NUMBER}}],
        }
        session.send("POST", FedExTracking().path, body=body)
        yield Finding(Level.OK, "permissions", "The project may track parcels.")


class DailyCalls:
    """Whether it is known how many tracking calls a day the project has: the vendor names two numbers."""

    def find(self, session: Session, system: System) -> Iterator[Finding]:
        """A note until CONCORD_CALLS_PER_DAY says it; raises `ConfigurationError` where that cannot be read."""
        calls = read_calls_per_day().get(system.name)
        if calls is not None:
            sentence = f"The project has {calls:,} tracking calls a day, as CONCORD_CALLS_PER_DAY says."
            yield Finding(Level.OK, "limits", sentence)
            return
        sentence = (
            f"FedEx names {_CATALOGUE:,} tracking calls a day on one page and {_GUIDE:,} on another; ask FedEx "
            f"for the number of your project, and set CONCORD_CALLS_PER_DAY={system.name}=… to it. Until then "
            f"Concord plans with {system.rate_limit.per_day:,}; a call asks for 30 parcels."
        )
        yield Finding(Level.NOTE, "limits", sentence)


ACCOUNT = AccountChecks(
    login_help="Login and password are the API key and the secret key of the project.",
    refused_help="Add the Track API to the project in the developer portal.",
    checks=(("permissions", MayTrack()), ("limits", DailyCalls())),
)
