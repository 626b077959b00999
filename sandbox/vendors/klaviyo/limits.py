"""Limits of calls for each kind of endpoint, in fixed windows: a burst per second, a steady rate per minute."""

import time
from collections import defaultdict

_SIZES = {"XS": (1, 15), "S": (3, 60), "M": (10, 150), "L": (75, 700), "XL": (350, 3500)}
_KINDS = {"list:events": "XL", "get:events": "XL", "import_job": "M", "job": "M", "job_errors": "M", "lists": "M"}
_OTHERS = "L"


class Limits:
    """The calls left in each window; `share` scales all limits."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Restore the limits of a new account."""
        self.share = 1.0
        self._used: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def take(self, operation: str) -> int | None:
        """Count a call; gives the seconds to wait where it is one too many, None where it is allowed."""
        now = time.time()
        sizes = _SIZES[_KINDS.get(operation, _OTHERS)]
        for span, size in zip((1, 60), sizes, strict=True):
            window = self._used[operation, span]
            if now - window[0] >= span:
                window[:] = [now, 0.0]
            if window[1] >= max(1, size * self.share):
                return max(1, round(window[0] + span - now))
        for span in (1, 60):
            self._used[operation, span][1] += 1
        return None

    def headers(self, operation: str) -> dict[str, str]:
        """The headers of a response about the steady window."""
        most = int(max(1, _SIZES[_KINDS.get(operation, _OTHERS)][1] * self.share))
        began, used = self._used[operation, 60]
        reset = max(0, round(began + 60 - time.time()))
        return {
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(max(0, most - int(used))),
            "RateLimit-Reset": str(reset),
        }
