"""The account's limits of calls: per second for searches, per ten seconds for the rest, per day for all."""

import time
from collections import deque
from typing import Any

_DEFAULTS = {"search_per_second": 5, "ten_secondly": 190, "daily": 650_000}


class Limits:
    """Rolling windows over the calls that were let through."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Restore the limits of a new account."""
        self.allowed = dict(_DEFAULTS)
        self._seconds: deque[float] = deque()
        self._tens: deque[float] = deque()
        self.used_today = 0

    def take(self, *, is_search: bool) -> str | None:
        """Count a call; gives the name of the policy that forbids it, None where it is allowed."""
        now = time.monotonic()
        if self.used_today >= self.allowed["daily"]:
            return "DAILY"
        calls, span, name = (
            (self._seconds, 1.0, "SECONDLY") if is_search else (self._tens, 10.0, "TEN_SECONDLY_ROLLING")
        )
        while calls and calls[0] <= now - span:
            calls.popleft()
        if len(calls) >= self.allowed["search_per_second" if is_search else "ten_secondly"]:
            return name
        calls.append(now)
        self.used_today += 1
        return None

    def headers(self) -> dict[str, str]:
        """The headers of a response about the limits; the response to a search has none."""
        most, daily = self.allowed["ten_secondly"], self.allowed["daily"]
        return {
            "x-hubspot-ratelimit-max": str(most),
            "x-hubspot-ratelimit-remaining": str(most - len(self._tens)),
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-daily": str(daily),
            "x-hubspot-ratelimit-daily-remaining": str(daily - self.used_today),
        }


def refusal_body(policy: str) -> dict[str, Any]:
    """The body of a 429."""
    return {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
        "policyName": policy,
        "groupName": "publicapi:private-apps:api-calls",
    }
