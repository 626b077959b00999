"""Fixed windows of calls per kind of endpoint: a burst of one second, a steady one of a minute."""

import time
from collections import defaultdict

_SIZES = {"XS": (1, 15), "S": (3, 60), "M": (10, 150), "L": (75, 700), "XL": (350, 3500)}
_KINDS = {"list:events": "XL", "get:events": "XL", "import_job": "M", "job": "M", "job_errors": "M", "lists": "M"}
_OTHERS = "L"


class Limits:
    """What is left of each window; `share` makes all of them larger or smaller."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As a new account."""
        self.share = 1.0
        self._used: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def take(self, operation: str) -> int | None:
        """Counts a call; the seconds to wait where it is one too many, None where it may pass."""
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
        """What an answer says of the steady window."""
        most = int(max(1, _SIZES[_KINDS.get(operation, _OTHERS)][1] * self.share))
        began, used = self._used[operation, 60]
        reset = max(0, round(began + 60 - time.time()))
        return {
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(max(0, most - int(used))),
            "RateLimit-Reset": str(reset),
        }
