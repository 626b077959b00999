"""How many cases the fuzzers try: some hundred in all, and thousands with `FUZZ=1` in the environment.

`FUZZ=500` tries 500 cases for each resource or form.
"""

import os

from hypothesis import HealthCheck, Phase, settings

ASKED = int(os.environ.get("FUZZ") or 0)


def cases(few: int, many: int) -> settings:
    """Hypothesis with so many cases; without `FUZZ` they are the same every time."""
    return settings(
        max_examples={0: few, 1: many}.get(ASKED, ASKED),
        derandomize=not ASKED,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
