"""Cost points: a bucket for each token, refilled every second; every response shows its state."""

import time
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Bucket:
    """The points that one token has left."""

    available: float
    at: float


class Costs:
    """The buckets of all tokens; size and restore rate are those of the plan Plus unless changed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Full buckets of the default size."""
        self.size, self.restore_rate, self.largest_query = 20_000.0, 1_000.0, 1_000
        self._buckets: dict[str, Bucket] = {}

    def change(self, limits: dict[str, Any]) -> None:
        """Set size and restore rate; the buckets start full."""
        self.size = float(limits.get("bucket", self.size))
        self.restore_rate = float(limits.get("restore_rate", self.restore_rate))
        self.largest_query = int(limits.get("largest_query", self.largest_query))
        self._buckets.clear()

    def available(self, token: str) -> float:
        """Points left now."""
        now = time.monotonic()
        bucket = self._buckets.setdefault(token, Bucket(self.size, now))
        bucket.available = min(self.size, bucket.available + (now - bucket.at) * self.restore_rate)
        bucket.at = now
        return bucket.available

    def charge(self, token: str, points: float) -> None:
        """Subtract the points of a query that ran."""
        self.available(token)
        self._buckets[token].available -= points

    def drain(self, token: str) -> None:
        """Empty the bucket."""
        self.available(token)
        self._buckets[token].available = 0.0

    def shown(self, token: str, requested: int, actual: int | None) -> dict[str, Any]:
        """The `cost` extension of a response."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.size,
                "currentlyAvailable": max(0.0, float(int(self.available(token)))),
                "restoreRate": self.restore_rate,
            },
        }
